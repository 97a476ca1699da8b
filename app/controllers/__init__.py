"""What a user does, step by step: asks the person, has the work done. Each object is given the parts it needs."""

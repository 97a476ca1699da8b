"""The one job system: threads for ffmpeg and files, worker processes for torch."""

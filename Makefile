# Two commands do everything: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SAMPLE := resources/clips/city.mkv
# Skipped where there is no screen with OpenGL, so run once more where there is one.
OPENGL := tests/render/test_gl.py tests/gui/test_gl_window.py tests/gui/test_golden.py tests/gui/test_ten_bits.py \
	-k "opengl or test_gl or 10_bits"

# Files of tests are shared out between as many processes.
WORKERS ?= 2
SIDE_BY_SIDE := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# Hundreds of short processes: each would compile the sources anew where bytecode may not be written.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test proven check fuzz bench clean

run: $(STAMP)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		sh packaging/system_packages.sh && $(BIN)/seamscope $(SAMPLE); \
	else \
		echo "No display: comparing without a window."; \
		$(BIN)/seamscope compare $(SAMPLE) --lambda 0.16 --report report/city; \
	fi

test: $(STAMP)
	@began=$$(date +%s); $(MAKE) --no-print-directory proven; result=$$?; took=$$(($$(date +%s) - began)); \
		echo "make test: $$((took / 60)) min $$((took % 60)) s"; exit $$result

proven: check
	@sh packaging/system_packages.sh xvfb xauth libgl1-mesa-dri
	QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(SIDE_BY_SIDE)
	OMP_NUM_THREADS=1 sh packaging/with_screen.sh $(BIN)/python -m pytest $(OPENGL)

check: $(STAMP)
	$(BIN)/ruff check app codec resources tests
	$(BIN)/ruff format --check app codec resources tests
	$(BIN)/lint-imports
	$(BIN)/basedpyright

# Slow proofs, not part of `make test`.
fuzz: $(STAMP)
	$(BIN)/python -m tests.proofs.fuzz_streams --streams 10000

bench: $(STAMP)
	$(BIN)/python -m tests.proofs.measure

$(STAMP): pyproject.toml packaging/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
		if [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q >/dev/null && apt-get install -y -q python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); \
		else \
			echo "Python's venv module is missing. Type: sudo apt-get install python3-venv"; exit 1; \
		fi; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint packaging/constraints.txt --editable '.[dev]'
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build report *.egg-info

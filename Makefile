# Two commands from a bare clone with Python >= 3.11:   make report    make test
# Everything lives in .venv; uv is used when it is there and fetched into .venv when it is not.
# On Windows use the uv commands of README.md: nothing here is needed to run the project.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: report test lock references benchmarks benchmarks-survey benchmarks-intake benchmarks-needs benchmarks-places benchmarks-services accuracy explore quality-page clean

report: $(READY)
	$(BIN)/python -m xzz_analysis build data/demo

test: $(READY)
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

$(READY): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"Python 3.11 or newer is needed, {sys.executable} is {v[0]}.{v[1]}; call: make report PYTHON=python3.12")'
	"$(PYTHON)" -m venv --without-pip --clear .venv
	command -v uv >/dev/null 2>&1 || "$(PYTHON)" -m pip --python $(BIN)/python --quiet --disable-pip-version-check install uv
	PATH="$$PATH:$$PWD/$(BIN)" uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	PATH="$$PATH:$$PWD/$(BIN)" uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $(READY)

lock:
	uv pip compile pyproject.toml --extra test --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock

references:
	for script in tests/reference/*.R; do case "$$script" in */reference.R) ;; *) Rscript "$$script" || exit 1 ;; esac; done

benchmarks: $(READY)
	$(BIN)/python benchmarks/tabulate.py

benchmarks-survey: $(READY)
	$(BIN)/python benchmarks/survey/run.py

benchmarks-intake: $(READY)
	$(BIN)/python benchmarks/intake/run.py

benchmarks-needs: $(READY)
	$(BIN)/python benchmarks/needs/run.py

benchmarks-places: $(READY)
	$(BIN)/python benchmarks/places/run.py

benchmarks-services: $(READY)
	$(BIN)/python benchmarks/services/run.py

accuracy: $(READY)
	$(BIN)/python tests/reference/accuracy.py

explore: $(READY)
	XZZ_EXPLORE=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile tests/properties

quality-page: $(READY)
	$(BIN)/python tests/docs/quality_page.py

clean:
	rm -rf .venv outputs

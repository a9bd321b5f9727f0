# The README's commands. Any Python from 3.11 on will do: make demo PYTHON=python3.12
PYTHON ?= python3

.PHONY: demo test bench
demo: ## the whole product on this machine; RESET=1 starts over
	@exec $(PYTHON) -I flexapp/bootstrap.py demo $(if $(RESET),--reset)
test: ## everything that must hold before a change lands
	@exec $(PYTHON) -I flexapp/bootstrap.py test $(ARGS)
bench: ## the benchmarks, as ratios in one run
	@exec $(PYTHON) -I flexapp/bootstrap.py bench $(ARGS)

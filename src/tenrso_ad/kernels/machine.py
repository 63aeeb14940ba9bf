"""Machine code of this processor: made by LLVM from its text, and loaded."""

from __future__ import annotations

import functools
import threading
from typing import Any

import llvmlite.binding as llvm

_lock = threading.Lock()  # LLVM is not told that there are threads


@functools.cache
def processor() -> tuple[str, str]:
    """Name and features of the processor that code is made for."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@functools.cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


def _machine() -> Any:
    cpu, features = processor()
    return _target().create_target_machine(cpu=cpu, features=features, opt=3, jit=True)


def assemble(text: str) -> bytes:
    """Compile a module to an object file, which `load` takes.

    Parameters
    ----------
    text : str
        LLVM's language.
    """
    with _lock:
        return bytes(_machine().emit_object(optimised(text)))


def optimised(text: str) -> Any:
    """Parse a module and let LLVM optimise it."""
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    module.data_layout = str(machine.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    options.loop_interleaving = options.loop_unrolling = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module


def assembly(text: str) -> str:
    """What `assemble` makes, to read."""
    with _lock:
        return str(_machine().emit_assembly(optimised(text)))


class Loaded:
    """Code in memory; it stays while this object does."""

    def __init__(self, code: bytes) -> None:
        with _lock:
            machine = _machine()
            self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function or a global variable is; 0 if there is none."""
        with _lock:
            function: int = self._engine.get_function_address(name)
            return function or int(self._engine.get_global_value_address(name))

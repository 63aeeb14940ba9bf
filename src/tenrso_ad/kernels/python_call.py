"""How Python calls a kernel: by a built-in function, which is machine code too.

It looks at each argument, an array in C order whose dtype and number of elements are known when
the kernel is written, and hands the addresses of their elements on. Anything else is refused with
a TypeError, so that no kernel reads or writes beside an array.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType

_OF_PYTHON = (
    *("PyErr_SetString", "PyLong_AsSsize_t", "PyEval_SaveThread", "PyEval_RestoreThread"),
    "Py_IncRef",
)
"""Functions of Python that the code calls, in the order of its table ``environment``."""

_HEAD = object.__basicsize__  # bytes of an object before its own fields; the type comes last
_PLACES = {
    "class_": _HEAD - ctypes.sizeof(ctypes.c_void_p),
    # fields of NumPy's arrays, which are part of its ABI
    **{"data": _HEAD, "rank": _HEAD + 8, "lengths": _HEAD + 16, "descr": _HEAD + 40},
    "flags": _HEAD + 48,
    # fields of its dtypes
    **{"order": _HEAD + 10, "number": _HEAD + 12},
}
_IN_ORDER, _WRITEABLE = 0x101, 0x400  # flags: in C order and aligned; writeable

_ACCEPT = """
@environment = global [8 x ptr] zeroinitializer
@message = internal constant [{size} x i8] c"{message}\\00"

define internal ptr @of_python(i64 %i) alwaysinline {{
  %place = getelementptr ptr, ptr @environment, i64 %i
  %address = load ptr, ptr %place
  ret ptr %address
}}

; whether an object is an array of a kind, with so many elements, and flags; where they are
define internal ptr @elements(ptr %object, i32 %kind, i32 %flags, i64 %size) noinline {{
  %array = call ptr @of_python(i64 5)
  %at_class = getelementptr i8, ptr %object, i64 {class_}
  %class = load ptr, ptr %at_class
  %is_array = icmp eq ptr %class, %array
  br i1 %is_array, label %look, label %refuse

look:
  %at_descr = getelementptr i8, ptr %object, i64 {descr}
  %descr = load ptr, ptr %at_descr
  %at_number = getelementptr i8, ptr %descr, i64 {number}
  %number = load i32, ptr %at_number
  %at_order = getelementptr i8, ptr %descr, i64 {order}
  %order = load i8, ptr %at_order
  %low = zext i8 %order to i32
  %high = shl i32 %number, 8
  %its_kind = or i32 %high, %low
  %is_kind = icmp eq i32 %its_kind, %kind
  %at_flags = getelementptr i8, ptr %object, i64 {flags}
  %its_flags = load i32, ptr %at_flags
  %common = and i32 %its_flags, %flags
  %is_laid = icmp eq i32 %common, %flags
  %at_rank = getelementptr i8, ptr %object, i64 {rank}
  %rank = load i32, ptr %at_rank
  %at_lengths = getelementptr i8, ptr %object, i64 {lengths}
  %lengths = load ptr, ptr %at_lengths
  %is_right = and i1 %is_kind, %is_laid
  br i1 %is_right, label %measure, label %refuse

measure:
  %axis = phi i32 [ 0, %look ], [ %further, %multiply ]
  %product = phi i64 [ 1, %look ], [ %grown, %multiply ]
  %more = icmp slt i32 %axis, %rank
  br i1 %more, label %multiply, label %compare

multiply:
  %offset = zext i32 %axis to i64
  %at_length = getelementptr i64, ptr %lengths, i64 %offset
  %length = load i64, ptr %at_length
  %grown = mul i64 %product, %length
  %further = add i32 %axis, 1
  br label %measure

compare:
  %is_equal = icmp eq i64 %product, %size
  %is_any = icmp slt i64 %size, 0
  %is_full = or i1 %is_equal, %is_any
  br i1 %is_full, label %accept, label %refuse

accept:
  %at_data = getelementptr i8, ptr %object, i64 {data}
  %data = load ptr, ptr %at_data
  ret ptr %data

refuse:
  ret ptr null
}}
"""

_CALL = """
@{name}_kinds = internal constant [{count} x i32] [{kinds}]
@{name}_flags = internal constant [{count} x i32] [{flags}]
@{name}_sizes = internal constant [{count} x i64] [{sizes}]

define ptr @call_{name}(ptr %self, ptr %arguments, i64 %given) {{
begin:
  %places = alloca ptr, i64 {count}
  %is_enough = icmp eq i64 %given, {given}
  br i1 %is_enough, label %look, label %refuse

look:
  %i = phi i64 [ 0, %begin ], [ %next, %accept ]
  %at_object = getelementptr ptr, ptr %arguments, i64 %i
  %object = load ptr, ptr %at_object
  %at_kind = getelementptr i32, ptr @{name}_kinds, i64 %i
  %kind = load i32, ptr %at_kind
  %at_flags = getelementptr i32, ptr @{name}_flags, i64 %i
  %flags = load i32, ptr %at_flags
  %at_size = getelementptr i64, ptr @{name}_sizes, i64 %i
  %size = load i64, ptr %at_size
  %elements = call ptr @elements(ptr %object, i32 %kind, i32 %flags, i64 %size)
  %is_none = icmp eq ptr %elements, null
  br i1 %is_none, label %refuse, label %accept

accept:
  %place = getelementptr ptr, ptr %places, i64 %i
  store ptr %elements, ptr %place
  %next = add i64 %i, 1
  %is_last = icmp eq i64 %next, {count}
  br i1 %is_last, label %all, label %look

all:
{borders}

run:
{run}
  %none = call ptr @of_python(i64 6)
  %refer = call ptr @of_python(i64 4)
  call void %refer(ptr %none)
  ret ptr %none

refuse:
  %at_error = call ptr @of_python(i64 7)
  %set = call ptr @of_python(i64 0)
  call void %set(ptr %at_error, ptr @message)
  ret ptr null
}}
"""

_BORDERS = """\
  %whole = call ptr @of_python(i64 1)
  %at_start = getelementptr ptr, ptr %arguments, i64 {count}
  %start_object = load ptr, ptr %at_start
  %start = call i64 %whole(ptr %start_object)
  %at_stop = getelementptr ptr, ptr %at_start, i64 1
  %stop_object = load ptr, ptr %at_stop
  %stop = call i64 %whole(ptr %stop_object)
  %is_inside = icmp ule i64 %stop, {chunks}
  %is_forward = icmp ule i64 %start, %stop
  %is_range = and i1 %is_inside, %is_forward
  br i1 %is_range, label %run, label %refuse"""

_ENVIRONMENT = 8  # entries of the table: functions, then ndarray, None, TypeError


def text_of_calls(
    functions: Sequence[str], arrays: Sequence[ArrayType], writes: int, chunks: int, releases: bool
) -> str:
    """LLVM's text of the functions ``call_...`` that Python calls.

    Parameters
    ----------
    functions : sequence of str
        What to call: each takes the addresses of the arrays' elements, and the first one takes
        the borders of chunks besides, if there are any.
    arrays : sequence of ArrayType
        A negative size: of any.
    writes : int
        How many of them, the last ones, are written to.
    chunks : int
        0, or how many chunks there are; -1: any number.
    releases : bool
        Whether other threads may run Python meanwhile.
    """
    message = "a kernel takes arrays in C order, of the shapes and dtypes it was made for"
    parts = [_ACCEPT.format(message=message, size=len(message) + 1, **_PLACES)]
    count, reads = len(arrays), len(arrays) - writes
    for number, name in enumerate(functions):
        divided = chunks != 0 and number == 0
        borders = _BORDERS.format(count=count, chunks=chunks) if divided else "  br label %run"
        run = []
        for i in range(count):
            run.append(f"  %at{i} = getelementptr ptr, ptr %places, i64 {i}")
            run.append(f"  %p{i} = load ptr, ptr %at{i}")
        operands = [f"ptr %p{i}" for i in range(count)] + ["i64 %start", "i64 %stop"] * divided
        call = f"  call void @{name}({', '.join(operands)})"
        if releases:
            run += ["  %save = call ptr @of_python(i64 2)", "  %state = call ptr %save()", call]
            run += ["  %restore = call ptr @of_python(i64 3)", "  call void %restore(ptr %state)"]
        else:
            run.append(call)
        parts.append(
            _CALL.format(
                name=name,
                count=count,
                given=count + 2 * divided,
                kinds=", ".join(f"i32 {a.dtype.num << 8 | ord(a.dtype.byteorder)}" for a in arrays),
                flags=", ".join(
                    f"i32 {_IN_ORDER | _WRITEABLE * (i >= reads)}" for i in range(count)
                ),
                sizes=", ".join(f"i64 {a.size}" for a in arrays),
                borders=borders,
                run="\n".join(run),
            )
        )
    return "".join(parts)


# --- loading --------------------------------------------------------------------------------------


class _Method(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    )


_FASTCALL = 0x80


def connect(environment: int) -> None:
    """Fill the table of a module that has been loaded; it is at this address."""
    table = (ctypes.c_void_p * _ENVIRONMENT).from_address(environment)
    table[:] = [
        *(_address(getattr(ctypes.pythonapi, name)) for name in _OF_PYTHON),
        *map(id, (np.ndarray, None, TypeError)),
    ]


def as_function(address: int, name: str, keep: Any) -> Callable[..., None]:
    """A function of Python for one of ``call_...``; it keeps something alive, such as its code."""
    make = ctypes.pythonapi.PyCMethod_New
    make.restype = ctypes.py_object
    make.argtypes = (ctypes.c_void_p, *(ctypes.py_object,) * 2, ctypes.c_void_p)
    method = _Method(name.encode(), address, _FASTCALL, None)
    function: Callable[..., None] = make(ctypes.addressof(method), (method, keep), None, None)
    return function


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0

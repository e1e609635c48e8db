"""SIMD values for numba: ``Lanes``, sixteen float32 that move as one, and ``Mask``, sixteen truths.

numba compiles Python one number at a time, and LLVM's own vectoriser gives up on loops as branchy as a rasteriser's.
Here a numba type is backed by LLVM's ``<16 x float>``: kernels stay Python, ``a * b + c`` on lanes becomes one fused
instruction on AVX-512, two on AVX2, four on SSE or NEON. A scalar beside lanes is spread over all of them.

The arithmetic may be reassociated and contracted, and division may use a refined estimate, but not-a-number and
infinity keep their meaning: a comparison with not-a-number is false, which the kernels rely on to drop bad splats.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing import templates
from numba.extending import intrinsic as numba_intrinsic
from numba.extending import models
from numba.extending import register_model
from numba.np.arrayobj import make_array


LANES = 16
"""Floats in a value: one AVX-512 register, and one cache line of 64 bytes."""

infer_global: Any = templates.infer_global
"""numba's registration of operators; without a type, since numba declares it empty and fills it later"""

SAFE_MATH = ("reassoc", "nsz", "arcp", "contract", "afn")
PART = {"fastmath": set(SAFE_MATH), "error_model": "numpy", "nogil": True, "forceinline": True}
"""How a function is compiled that only kernels call: into each of them. Otherwise every kernel's code would bring its
own copy, optimised where it stands and so different in the last bits, and a process would keep the first that it meets.
"""
JIT = {**PART, "forceinline": False, "cache": True}
"""How a kernel is compiled, which Python calls: all it needs is inside it."""

_FLOAT = ir.FloatType()
_INT = ir.IntType(32)
_FLOATS = ir.VectorType(_FLOAT, LANES)
_INTS = ir.VectorType(_INT, LANES)
_BITS = ir.VectorType(ir.IntType(1), LANES)


class LanesType(types.Type):
    """Sixteen float32."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{LANES}")


class MaskType(types.Type):
    """Sixteen truths, the result of comparing lanes."""

    def __init__(self) -> None:
        super().__init__(name=f"Mask{LANES}")


lanes_type = LanesType()
mask_type = MaskType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of: types.Type) -> None:
        super().__init__(manager, of, _FLOATS)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of: types.Type) -> None:
        super().__init__(manager, of, _BITS)


def intrinsic(typed: Callable) -> Any:
    """numba's decorator; what it makes is called without the typing context that ``typed`` begins with."""
    return numba_intrinsic(typed)


def _constant(value: float) -> ir.Constant:
    return ir.Constant(_FLOATS, [value] * LANES)


def _integers(value: int) -> ir.Constant:
    return ir.Constant(_INTS, [value] * LANES)


def _spread(context: Any, builder: Any, value: ir.Value, of: types.Type) -> Any:
    """``value`` as lanes: a scalar is cast to float32 and repeated."""
    if isinstance(of, LanesType):
        return value
    scalar = context.cast(builder, value, of, types.float32)
    undefined = ir.Constant(_FLOATS, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(_INT, 0))
    return builder.shuffle_vector(first, undefined, _integers(0))


Emit = Callable[[Any, Any, Any], Any]


def _binary(operation: Callable, emit: Emit, gives: types.Type) -> None:
    """Teaches numba an operator between lanes, or between lanes and a number."""

    class Typing(templates.AbstractTemplate):
        def generic(self, args: tuple, kws: dict) -> Any:
            known = len(args) == 2 and all(isinstance(arg, (LanesType, types.Number)) for arg in args)
            return templates.signature(gives, *args) if known and _is_lanes(*args) else None

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        left, right = (_spread(context, builder, arg, of) for arg, of in zip(args, sig.args))
        return emit(builder, left, right)

    infer_global(operation)(Typing)
    for pair in ((LanesType, LanesType), (LanesType, types.Number), (types.Number, LanesType)):
        lower_builtin(operation, *pair)(lower)


_binary(operator.add, lambda b, x, y: b.fadd(x, y, flags=SAFE_MATH), lanes_type)
_binary(operator.sub, lambda b, x, y: b.fsub(x, y, flags=SAFE_MATH), lanes_type)
_binary(operator.mul, lambda b, x, y: b.fmul(x, y, flags=SAFE_MATH), lanes_type)
_binary(operator.truediv, lambda b, x, y: b.fdiv(x, y, flags=SAFE_MATH), lanes_type)
_binary(operator.lt, lambda b, x, y: b.fcmp_ordered("<", x, y), mask_type)
_binary(operator.le, lambda b, x, y: b.fcmp_ordered("<=", x, y), mask_type)
_binary(operator.gt, lambda b, x, y: b.fcmp_ordered(">", x, y), mask_type)
_binary(operator.ge, lambda b, x, y: b.fcmp_ordered(">=", x, y), mask_type)


@infer_global(operator.and_)
class _AndTyping(templates.AbstractTemplate):
    def generic(self, args: tuple, kws: dict) -> Any:
        if args == (mask_type, mask_type):
            return templates.signature(mask_type, *args)
        return None


@lower_builtin(operator.and_, MaskType, MaskType)
def _lower_and(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
    return builder.and_(args[0], args[1])


@infer_global(operator.neg)
class _NegTyping(templates.AbstractTemplate):
    def generic(self, args: tuple, kws: dict) -> Any:
        if args == (lanes_type,):
            return templates.signature(lanes_type, *args)
        return None


@lower_builtin(operator.neg, LanesType)
def _lower_neg(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
    return builder.fneg(args[0])


def _call(builder: Any, name: str, *args: ir.Value) -> Any:
    """One of LLVM's own vector functions."""
    kind = ir.FunctionType(_FLOATS, [_FLOATS] * len(args))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f32")
    return builder.call(function, args, fastmath=SAFE_MATH)


def _is_lanes(*of: types.Type) -> bool:
    return any(isinstance(one, LanesType) for one in of)


@intrinsic
def spread(typing: Any, value: types.Type) -> Any:
    """A number in every lane."""
    return lanes_type(value), lambda context, builder, sig, args: _spread(context, builder, args[0], sig.args[0])


@intrinsic
def ramp(typing: Any) -> Any:
    """0, 1, 2 ... 15"""
    return lanes_type(), lambda context, builder, sig, args: ir.Constant(_FLOATS, [float(i) for i in range(LANES)])


def _pointer(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
    data = make_array(sig.args[0])(context, builder, args[0]).data
    index = context.cast(builder, args[1], sig.args[1], types.intp)
    return builder.bitcast(builder.gep(data, [index]), ir.PointerType(_FLOATS))


@intrinsic
def load(typing: Any, floats: types.Type, index: types.Type) -> Any:
    """Sixteen neighbours of a flat float32 array, from ``index``; not checked against its end."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        return builder.load(_pointer(context, builder, sig, args), align=4)

    return lanes_type(floats, index), lower


@intrinsic
def store(typing: Any, floats: types.Type, index: types.Type, value: types.Type) -> Any:
    """Writes lanes to sixteen neighbours of a flat float32 array, from ``index``; not checked against its end."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        builder.store(args[2], _pointer(context, builder, sig, args), align=4)
        return context.get_dummy_value()

    return types.none(floats, index, value), lower


@intrinsic
def pick(typing: Any, floats: types.Type, index: types.Type) -> Any:
    """One number of a flat float32 array; unlike ``floats[index]`` it takes no time to look for negative indices."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        data = make_array(sig.args[0])(context, builder, args[0]).data
        return builder.load(builder.gep(data, [context.cast(builder, args[1], sig.args[1], types.intp)]))

    return types.float32(floats, index), lower


@intrinsic
def select(typing: Any, mask: types.Type, yes: types.Type, no: types.Type) -> Any:
    """``yes`` where the mask is true, else ``no``."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        chosen = (_spread(context, builder, arg, of) for arg, of in zip(args[1:], sig.args[1:]))
        return builder.select(args[0], *chosen)

    return lanes_type(mask, yes, no), lower


@intrinsic
def bits_of(typing: Any, mask: types.Type) -> Any:
    """The mask as an integer, lane 0 in the lowest bit; 0 where nothing is true."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(LANES)), ir.IntType(64))

    return types.int64(mask), lower


def _smaller_or_larger(sign: str) -> Any:
    def typed(typing: Any, left: types.Type, right: types.Type) -> Any:
        if not _is_lanes(left, right):
            return None

        def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
            x, y = (_spread(context, builder, arg, of) for arg, of in zip(args, sig.args))
            return builder.select(builder.fcmp_ordered(sign, x, y), x, y)

        return lanes_type(left, right), lower

    return typed


minimum = intrinsic(_smaller_or_larger("<"))
"""The smaller of two; the second where one is not a number."""
maximum = intrinsic(_smaller_or_larger(">"))
"""The larger of two; the second where one is not a number."""


def _one_argument(name: str) -> Any:
    def typed(typing: Any, value: types.Type) -> Any:
        return lanes_type(value), lambda context, builder, sig, args: _call(builder, name, args[0])

    return typed


root = intrinsic(_one_argument("sqrt"))
magnitude = intrinsic(_one_argument("fabs"))
floor = intrinsic(_one_argument("floor"))
ceil = intrinsic(_one_argument("ceil"))


@intrinsic
def _times_power_of_two(typing: Any, value: types.Type, power: types.Type) -> Any:
    """value * 2**power for whole powers between -126 and 127, by writing the exponent's bits."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        exponent = builder.add(builder.fptosi(args[1], _INTS), _integers(127))
        scale = builder.bitcast(builder.shl(exponent, _integers(23)), _FLOATS)
        return builder.fmul(args[0], scale, flags=SAFE_MATH)

    return lanes_type(value, power), lower


@intrinsic
def _exponent_of(typing: Any, value: types.Type) -> Any:
    """The whole power of two in positive normal numbers: 3.0 for 8.5."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        bits = builder.lshr(builder.bitcast(args[0], _INTS), _integers(23))
        return builder.sitofp(builder.sub(bits, _integers(127)), _FLOATS)

    return lanes_type(value), lower


@intrinsic
def _mantissa_of(typing: Any, value: types.Type) -> Any:
    """Positive normal numbers divided by their power of two: in [1, 2)."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        fraction = builder.and_(builder.bitcast(args[0], _INTS), _integers(0x007FFFFF))
        return builder.bitcast(builder.or_(fraction, _integers(0x3F800000)), _FLOATS)

    return lanes_type(value), lower


@njit(inline="always")
def exp(x):
    """e**x with a relative error of 2e-7; beyond float32's range the nearest normal number."""
    x = minimum(maximum(x, -87.0), 88.0)
    power = floor(x * 1.4426950408889634 + 0.5)
    rest = (x - power * 0.693359375) + power * 2.12194440e-4  # ln 2 in two parts (Cody and Waite 1980)
    # the series of e**rest on [-0.35, 0.35], remainder below 6e-9
    sum_ = 1 / 720 + rest * (1 / 5040)
    sum_ = 1 / 120 + rest * sum_
    sum_ = 1 / 24 + rest * sum_
    sum_ = 1 / 6 + rest * sum_
    sum_ = 0.5 + rest * sum_
    return _times_power_of_two(1.0 + rest * (1.0 + rest * sum_), power)


@njit(inline="always")
def log2(x):
    """The binary logarithm of positive normal numbers, with an absolute error of 3e-7 near 1."""
    power = _exponent_of(x)
    part = _mantissa_of(x)
    upper = part > 1.4142135
    part = select(upper, part * 0.5, part)
    power = select(upper, power + 1.0, power)
    # log2 m = 2 / ln 2 * atanh(r), r = (m - 1) / (m + 1), |r| <= 0.172; series to r**9
    r = (part - 1.0) / (part + 1.0)
    s = r * r
    series = 1.0 + s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9))))
    return power + r * series * 2.8853900817779268


def _interleave(builder: Any, left: ir.Value, right: ir.Value, width: int) -> tuple[ir.Value, ir.Value]:
    """Both vectors' even groups of ``width`` lanes, alternating, and likewise their odd groups."""
    evens, odds = [], []
    for lane in range(LANES):
        start = lane // (2 * width) * 2 * width + lane % width
        source = LANES if lane // width % 2 else 0
        evens.append(source + start)
        odds.append(source + start + width)
    masks = (ir.Constant(_INTS, evens), ir.Constant(_INTS, odds))
    return builder.shuffle_vector(left, right, masks[0]), builder.shuffle_vector(left, right, masks[1])


@intrinsic
def turn(typing: Any, floats: types.Type, index: types.Type) -> Any:
    """Transposes, in place, the 16 x 16 matrix that begins at ``index`` of a flat float32 array.

    Sixteen records of sixteen fields become sixteen lanes-values, one a field, and back. Eklundh 1972: swap blocks of
    1, 2, 4, 8 lanes between rows as far apart.
    """

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        start = _pointer(context, builder, sig, args)
        places = [builder.gep(start, [ir.Constant(_INT, row)]) for row in range(LANES)]
        rows = [builder.load(place, align=4) for place in places]
        for width in (1, 2, 4, 8):
            for row in range(LANES):
                if not row & width:
                    rows[row], rows[row + width] = _interleave(builder, rows[row], rows[row + width], width)
        for place, row in zip(places, rows):
            builder.store(row, place, align=4)
        return context.get_dummy_value()

    return types.none(floats, index), lower


@intrinsic
def sums_of_nine(typing: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any) -> Any:
    """Lane k of the result is the sum over the lanes of the k-th argument; the last seven lanes are 0.

    All nine are reduced together: a third of the shuffles of nine separate sums.
    """

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        parts = list(args) + [_constant(0.0)] * (LANES - len(args))
        for width in (1, 2, 4, 8):
            pairs = zip(parts[::2], parts[1::2])
            halves = [_interleave(builder, left, right, width) for left, right in pairs]
            parts = [builder.fadd(even, odd, flags=SAFE_MATH) for even, odd in halves]
        return parts[0]

    return lanes_type(a, b, c, d, e, f, g, h, i), lower


@intrinsic
def sum_of(typing: Any, value: types.Type) -> Any:
    """The sum over the lanes, a float32."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple) -> Any:
        kind = ir.FunctionType(_FLOAT, [_FLOAT, _FLOATS])
        name = f"llvm.vector.reduce.fadd.v{LANES}f32"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(function, [ir.Constant(_FLOAT, 0.0), args[0]], fastmath=SAFE_MATH)

    return types.float32(value), lower

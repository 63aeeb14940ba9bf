"""The commands, and how a mistake of the user ends: one line on standard error and exit code 2."""

from __future__ import annotations

import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tenrso_ad.engine.errors import ArgumentError, TenrsoError

BAD_INPUT, INTERRUPTED = 2, 130

app = typer.Typer(
    name="tenrso-ad",
    help="Automatic differentiation for tensor computing, and tensor decompositions of data.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the name of the program; by default those it was called with.

    Returns
    -------
    int
        The exit code: 0 for success, 2 for bad usage or bad input, 130 after Ctrl-C.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_, **__: _complain(f"warning: {message}")
            code = app(
                args=None if arguments is None else list(arguments),
                obj=shlex.join(["tenrso-ad", *(sys.argv[1:] if arguments is None else arguments)]),
                prog_name="tenrso-ad",
                standalone_mode=False,
            )
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except (TenrsoError, OSError, MemoryError) as error:
        _complain(str(error) or "not enough memory")
        return BAD_INPUT
    except Exception as error:
        if not hasattr(error, "format_message"):  # what typer raises on bad usage has one
            raise
        _complain(f"{error.format_message()} (see tenrso-ad --help)")
        return BAD_INPUT


def _complain(message: str) -> None:
    """Write one line to standard error."""
    print("tenrso-ad:", " ".join(message.split()), file=sys.stderr)


def _print_version(wanted: bool) -> None:
    if wanted:
        from tenrso_ad import __version__

        print(f"tenrso-ad {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        raise ArgumentError("wanted a command: demo, fit, rank or info (see tenrso-ad --help)")


@app.command()
def demo() -> int:
    """Fit a CP model to a real tensor with missing values; write result and plot."""
    from tenrso_ad.cli.demo import run

    return run()


@app.command()
def fit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The tensor; its suffix tells the format.")],
    rank: Annotated[int, typer.Option("--rank", "-r", help="The number of components.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="The result: .npz, .mat or .h5; by default ./NAME-cp.npz."
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Where a picture of the factors goes (.png).")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Where a page about the fit goes (.html): convergence, ..."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, for machines.")
    ] = False,
    key: Annotated[
        str | None, typer.Option("--key", "-k", help="Which array of an .npz, .mat or HDF5 file.")
    ] = None,
    index_base: Annotated[
        int | None,
        typer.Option("--index-base", min=0, max=1, help="Where indices begin in a sparse file."),
    ] = None,
    loss: Annotated[
        str, typer.Option("--loss", help="What is minimised: gaussian, poisson, ...")
    ] = "gaussian",
    mask: Annotated[
        Path | None, typer.Option("--mask", help="A file that is not zero where data are known.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="A file of the weights of the entries.")
    ] = None,
    nonnegative: Annotated[
        bool, typer.Option("--nonnegative", help="No negative entries in the factors.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="For the starting points.")] = 0,
    starts: Annotated[int, typer.Option("--starts", help="How many starting points.")] = 3,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="A file (.npz) that lets the fit go on after a kill."),
    ] = None,
    checkpoint_every: Annotated[
        int, typer.Option("--checkpoint-every", help="After how many iterations it is written.")
    ] = 50,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on from the checkpoint, ./NAME-cp.checkpoint.npz."),
    ] = False,
    max_iterations: Annotated[
        int, typer.Option("--max-iterations", help="A limit on the iterations.")
    ] = 1000,
    tol: Annotated[
        float,
        typer.Option("--tol", help="The relative change of the squared error at which to stop."),
    ] = 1e-10,
) -> int:
    """Fit a CP model to a tensor in a file."""
    from tenrso_ad.cli.fit import run

    name = file.name.partition(".")[0] or file.stem
    if resume and checkpoint is None:
        checkpoint = Path(f"{name}-cp.checkpoint.npz")
    return run(
        file,
        rank,
        out or Path(f"{name}-cp.npz"),
        plot,
        key,
        index_base,
        mask,
        weights,
        report,
        as_json,
        context.obj,
        loss=loss,
        nonnegative=nonnegative,
        seed=seed,
        starts=starts,
        max_iterations=max_iterations,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        tol=tol,
    )


@app.command()
def rank(
    file: Annotated[Path, typer.Argument(help="The tensor, a dense one.")],
    max_rank: Annotated[int, typer.Option("--max-rank", help="The largest rank tried.")] = 5,
    held_out: Annotated[
        float, typer.Option("--held-out", help="Which part of the values is held out.")
    ] = 0.1,
    key: Annotated[
        str | None, typer.Option("--key", "-k", help="Which array of an .npz, .mat or HDF5 file.")
    ] = None,
    nonnegative: Annotated[
        bool, typer.Option("--nonnegative", help="No negative entries in the factors.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="For starts and held-out values.")] = 0,
    starts: Annotated[int, typer.Option("--starts", help="How many starting points.")] = 3,
    max_iterations: Annotated[
        int, typer.Option("--max-iterations", help="A limit on the iterations.")
    ] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> int:
    """Compare numbers of components by held-out values and core consistency."""
    from tenrso_ad.cli.rank import run

    return run(
        file,
        key,
        max_rank,
        held_out,
        as_json,
        nonnegative=nonnegative,
        seed=seed,
        starts=starts,
        max_iterations=max_iterations,
    )


@app.command()
def info() -> int:
    """Print versions and threads."""
    from tenrso_ad.cli.report import environment

    print("\n".join(environment()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What can be computed of a measurement, as forms: parameters with unit, range and default from the declarations."""

from dataclasses import dataclass

from frontend.presentation.quantities import format_number
from processing.declarations.book import get_book
from processing.declarations.recipe import Parameter, Recipe
from processing.declarations.signal_kind import classify_signal, is_real
from repository.schema.quantities.unit_symbols import get_symbol
from repository.selectors.deposits import MeasurementView


@dataclass(frozen=True, slots=True)
class ParameterInput:
    """An input for one number; texts are as a number input takes them."""

    id: str
    name: str
    title: str
    unit: str
    default: str
    lowest: str
    highest: str
    step: str


@dataclass(frozen=True, slots=True)
class RecipeForm:
    """A recipe that can be asked for."""

    name: str
    title: str
    description: str
    inputs: tuple[ParameterInput, ...]


def list_recipe_forms(measurement: MeasurementView) -> tuple[RecipeForm, ...]:
    """Return the recipes that work on an array of the measurement and are not made by themselves with it."""
    kinds = {
        classify_signal([axis["name"] for axis in signal.axes], signal.n_signal_axes)
        for signal in measurement.signals
        if signal.is_converted and is_real(signal.dtype)
    }
    return tuple(
        _build_form(measurement.id, recipe)
        for recipe in get_book().recipes
        if kinds & set(recipe.applies_to) and (recipe.made == "request" or recipe.parameters)
    )


def _build_form(measurement_id: str, recipe: Recipe) -> RecipeForm:
    return RecipeForm(
        name=recipe.name,
        title=recipe.title,
        description=recipe.description,
        inputs=tuple(
            _build_input(f"{measurement_id}-{recipe.name}", parameter) for parameter in recipe.parameters
        ),
    )


def _build_input(prefix: str, parameter: Parameter) -> ParameterInput:
    return ParameterInput(
        id=f"{prefix}-{parameter.name}",
        name=parameter.name,
        title=parameter.title,
        unit=get_symbol(parameter.unit),
        default=format_number(parameter.default),
        lowest=format_number(parameter.lowest),
        highest=format_number(parameter.highest),
        step="1" if parameter.is_whole else "any",
    )

import pytest

from napari_seamnet.learning.training.recipes import FINE_TUNE, SOURCE, FitRecipe
from napari_seamnet.learning.training.simulated import RecipeError


def test_the_sources_recipe_is_the_one_it_reports():
    recipe = FitRecipe.read(SOURCE)
    assert (recipe.batch, recipe.epochs) == (16, 30)
    assert (recipe.schedule, recipe.patience, recipe.improvement) == ("plateau", 3, 0.1)
    assert (recipe.factor, recipe.least_rate) == (0.1, 1e-8)
    assert recipe.augmented() is None


def test_a_recipe_can_be_changed_as_it_is_read_but_not_by_nothing():
    recipe = FitRecipe.read(FINE_TUNE, epochs=1, seed=None)
    assert (recipe.network, recipe.epochs, recipe.seed) == ("seamnet", 1, 1)


def test_only_the_strengths_that_are_named_are_on():
    augmentation = FitRecipe(augmentation={"noise": 0.2}).augmented()
    assert augmentation.noise == 0.2
    assert not augmentation.flips
    assert augmentation.contrast == augmentation.defects == 0


def test_a_cosine_falls_from_the_first_epoch_to_almost_nothing():
    recipe = FitRecipe(schedule="cosine", epochs=10, learning_rate=1.0)
    rates = [recipe.rate(epoch, 7.0) for epoch in range(10)]
    assert rates[0] == pytest.approx(1.0)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.06


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = ", "cannot be read"),
        ("epocs = 3", "unknown settings: epocs"),
        ("epochs = 0", "cannot be followed.*epochs is at least 1"),
        ('network = "last"', "cannot be followed.*no network 'last'"),
        ('schedule = "steps"', "cannot be followed.*no schedule"),
        ("validation = 1.0", "cannot be followed.*validation"),
        ("[augmentation]\nrain = 1", "cannot be followed.*rain"),
    ],
)
def test_a_bad_recipe_is_refused_and_named(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        FitRecipe.read(path)
    assert "bad.toml" in str(caught.value)

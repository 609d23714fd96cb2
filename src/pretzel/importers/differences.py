"""Table of the causes of answers that may differ from the library's, for warnings and docs/operators.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One cause of different answers."""

    title: str
    reason: str
    """The reason; part of a sentence, after a colon."""
    remedy: str
    """The remedy."""
    said: str
    """For the page: the fitted state in which an estimator has this note."""


IMPUTED_TIES = Difference(
    "Donors at equal distance",
    "of donors at equal distance the library takes those that a partial sort leaves in front, which depends on the "
    "machine and on the other rows of the batch; the first learned are taken here",
    "use SimpleImputer, or n_neighbors of all rows that were learned",
    "a column of the learned rows holds a value twice, and not all donors are used",
)
SORTED_TIES = Difference(
    "Neighbours at equal distance, sorted in part",
    "of rows at equal distance the library takes those that a partial sort leaves in front, which depends on the "
    "machine and on the other rows of the batch; the first learned are taken here",
    "fit it on dense rows of floats with algorithm='kd_tree' or 'ball_tree' and a metric that these know",
    "brute force searches sparse rows, integers or booleans, learned or given, or by a distance that the library's own "
    "search does not know (cosine, hamming), and every column of the learned rows holds a value twice",
)
EQUALLY_FAR = Difference(
    "Rows equally far from all learned rows",
    "a row of zeros by the cosine, canberra or braycurtis distance, and a row of new values by hamming, is equally far "
    "from all learned rows, of which the library's choice depends on the machine and on its threads; the first learned "
    "are taken here",
    "leave such rows out, or use algorithm='ball_tree' or the Euclidean distance",
    "brute force searches by one of these distances, canberra and braycurtis more than 256 rows, and some column of "
    "the learned rows holds no value twice",
)
SHARED_TIES = Difference(
    "Neighbours at equal distance, divided among threads",
    "of rows at equal distance the library takes those that its threads find first, which depends on the number of "
    "threads and on the other rows of the batch; the first learned are taken here",
    "fit it with algorithm='kd_tree' or 'ball_tree'",
    "brute force searches more than 256 dense rows, and every column of the learned rows holds a value twice",
)
ROUNDED_NEIGHBORS = Difference(
    "Neighbours at distances that rounding makes unequal",
    "the library makes squared distances of sums and products, and of rows at equal distance takes those that rounding "
    "makes the nearest, which depends on the machine and on the other rows of the batch; the first learned are taken "
    "here",
    "fit it with algorithm='kd_tree' or 'ball_tree', or fit it on whole numbers and give it such",
    "brute force searches up to 256 dense rows by Euclidean distance, and every column of the learned rows holds a "
    "value twice, and not all are whole numbers; if all are, at each request that holds a fraction",
)
ROUNDED_RANKS = Difference(
    "Rounded neighbours at equal distance",
    "it reads rows whose last bits depend on the processor, NumPy and BLAS, and of learned rows at equal distance "
    "takes those that rounding makes the nearest",
    "leave out the step before it, or fit it without repeated rows",
    "it reads what a matrix product or another rounded function has made, and for a learned row the last of its "
    "neighbours and the next are at equal distance",
)
ROUNDED_DISTANCES = Difference(
    "Distances that rounding decides",
    "the library makes squared distances of sums and products, and the values it learned are so far from zero that "
    "rounding decides which rows are near; differences are squared here",
    "scale the features before it, with StandardScaler",
    "the squared mean of the learned rows is more than 1e8 times their variance, or the square of one, times gamma, is "
    "more than 1e9 in an RBF kernel",
)
ROUNDED_ZEROS = Difference(
    "Distances of equal rows",
    "between equal rows the library's distance is a rounding error, and not zero; here it is zero, and such rows "
    "decide alone",
    "use weights='uniform', mode='connectivity', or algorithm='kd_tree' where there is one",
    "brute force, or KNNImputer, weighs by distance or returns distances, and the learned values are not whole numbers",
)
ROUNDED_ORIGINS = Difference(
    "Distances of rows from themselves",
    "the library's distance of a row from a center that equals it is a rounding error, up to 1e-7 of its norm; here "
    "it is zero",
    "fit it with a larger threshold, or take distances that small for zero",
    "a subcluster holds one learned row",
)
ROUNDED_TIES = Difference(
    "Centers at equal distance",
    "rounding decides which of several centers at equal distance the library finds nearest",
    "use KMeans, whose centers are means, or predict by the nearest rows",
    "every column of the centers holds a value twice, and their values are not whole numbers",
)
ROUNDED_RIM = Difference(
    "Rows on the radius",
    "rounding decides whether the library finds a row exactly on the radius to be within it",
    "use algorithm='kd_tree', or a radius between the distances that occur",
    "brute force searches by Euclidean distance, and every column of the learned rows holds a value twice, and not all "
    "are whole numbers; or where it reads what a matrix product or another rounded function has made, and a learned "
    "row is on the radius of another",
)
ROUNDED_WAVES = Difference(
    "Cosines of large numbers",
    "it takes cosines of numbers so large that rounding decides them",
    "fit it with a smaller gamma, on scaled features of float64",
    "a random weight is beyond 1e6, or it computes in float32, in which a number beyond 30 is large",
)
ROUNDED_SHARES = Difference(
    "Shares by exponentials of large differences",
    "the library subtracts large products from each other before it takes exponentials, so that rounding decides the "
    "shares; differences are taken first here",
    "scale the features before it, with StandardScaler",
    "a mean of a component, in units of its deviation, has a square beyond 1e9, or the means of the kernels that were "
    "centered have one beyond 1e8 times their variance",
)
STEEP_SIGMOIDS = Difference(
    "Steep sigmoids",
    "its sigmoids are so steep that the last digit of a score decides the probability",
    "calibrate scores of a larger scale, or use method='isotonic'",
    "a slope of a sigmoid is beyond 1e6",
)
STEEP_CURVES = Difference(
    "Steep isotonic curves",
    "an isotonic curve is so steep that the last digit of a score decides digits of the answer, and the last digits of "
    "the scores depend on the processor, NumPy and BLAS",
    "fit it on float64, or calibrate with method='sigmoid'",
    "it reads scores that a product or another rounded function has made, and between two knots one digit more in the "
    "last place of the largest score is more than 1e-6 of the answer; in float32 nearly every curve is that steep; or "
    "a fold saw fewer than all of three classes or more, so that all curves may be zero but for rounding",
)
ROUNDED_VOTES = Difference(
    "Votes that rounding decides",
    "the score of one of its pairs of classes is zero but for rounding on the mirror between them, where rounding "
    "decides the vote of the pair, and each vote is a whole unit of decision_function",
    "use decision_function_shape='ovo' of SVC, whose scores differ by rounding alone, or OneVsRestClassifier",
    "it has three classes or more, not decision_function_shape='ovo', and an intercept is below 1e-12 of its largest "
    "weight, or the score of a support vector machine is as small amid the support vectors of two classes",
)
ROUNDED_WEIGHTS = Difference(
    "Sums of kernels that cancel",
    "its weights for kernels are so large that they cancel but for the last digits, which depend on the processor and "
    "BLAS",
    "fit it on scaled features of float64, or with fewer components or a larger alpha",
    "the sizes of the weighted kernels of a learned row add up to more than 1e9 times the largest result; 10 times if "
    "it was fitted on float32 and is given float32",
)
ROUNDED_POWERS = Difference(
    "Rounded powers in float32",
    "it computes powers in float32 from a rounded logarithm: a large exponent makes its rounding visible, and a mean "
    "that is far larger than the deviation leaves only last digits, which depend on the processor and NumPy",
    "give it float64, or scale the features before it, with StandardScaler",
    "it is given float32 and makes powers of Yeo-Johnson, and the mean of a column of them, in units of its deviation "
    "and times the exponent of its power if that is more than 1, is beyond 20; or, without standardization, a power or "
    "2 minus it is beyond 3",
)
ROUNDED_THRESHOLDS = Difference(
    "Rounded values at thresholds",
    "its thresholds or categories are values of training rows, or close to them, and the last bits of what the steps "
    "before compute depend on the processor, NumPy and BLAS: a row on a threshold may fall on its other side, and a "
    "category may be unknown",
    "deploy with a sample of all training rows, which finds such rows; or leave out the step before, since trees and "
    "bins by quantiles need no scaling, and encoders read any values",
    "it reads what a logarithm, a power, a matrix product or another rounded function has made, in any type; or in "
    "float32, where the thresholds lie between training values; for thresholds that are set, such as zero, where it "
    "reads sums that may cancel",
)
ROUNDED_DIRECTIONS = Difference(
    "Deviations that rounding makes",
    "it divides by the deviation of a feature, or of a sum of features, that is constant but for rounding errors, so "
    "that its results are made of them",
    "leave out constant and redundant features before it, such as one of each set of dummies; or keep fewer components",
    "a sum of its weights, each times the size of its feature, is more than 1e9 times the deviation of the result; "
    "after steps that round, every feature is taken to be as large as the largest",
)
ROUNDED_SINGLES = Difference(
    "Deviations of float32",
    "it is given float32, and divides by the deviation of a feature, or of a sum of features, whose terms are so much "
    "larger that the last digits decide, which depend on the processor, NumPy and BLAS",
    "give it float64, or center and scale the features before the step that rounds, with StandardScaler",
    "it is given float32, and a sum of its weights, each times the size of its feature, is more than 50 times the "
    "deviation of the result; of scalers, where they read what a matrix product or another rounded function has made",
)
ROUNDED_TOPICS = Difference(
    "Topics in float32",
    "it infers topics in float32 until they hardly change, and rounding decides whether that takes one round more, "
    "which depends on the machine",
    "fit it on float64",
    "it was fitted on float32",
)

DIFFERENCES = (
    IMPUTED_TIES,
    SORTED_TIES,
    EQUALLY_FAR,
    SHARED_TIES,
    ROUNDED_NEIGHBORS,
    ROUNDED_RANKS,
    ROUNDED_DISTANCES,
    ROUNDED_ZEROS,
    ROUNDED_ORIGINS,
    ROUNDED_TIES,
    ROUNDED_RIM,
    ROUNDED_WAVES,
    ROUNDED_SHARES,
    STEEP_SIGMOIDS,
    STEEP_CURVES,
    ROUNDED_VOTES,
    ROUNDED_WEIGHTS,
    ROUNDED_POWERS,
    ROUNDED_THRESHOLDS,
    ROUNDED_DIRECTIONS,
    ROUNDED_SINGLES,
    ROUNDED_TOPICS,
)
"""All causes, in the order of the page."""

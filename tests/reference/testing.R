# Tests of association and of equal means: Rscript tests/reference/testing.R
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

key <- "indicator"
columns <- c("indicator", "method", "statistic", "df1", "df2", "p", "p_adjusted", "adjust", "tests", "n")

# One call is one family: its p-values are adjusted together.
compare_groups <- function(sample, what, by, method = NULL, adjust = NULL) {
  design <- reference$designs[[sample]]
  options(survey.lonely.psu = reference$lonely[[sample]])
  chosen <- if (is.null(method)) "adjusted-wald" else method
  rows <- do.call(rbind, lapply(what, function(question) {
    base <- table_of(design, question, by)
    result <- get(paste0("test_", gsub("-", "_", chosen)))(base)
    as.data.frame(c(list(indicator = question, method = chosen, n = nrow(base)), result))
  }))
  rows$adjust <- if (is.null(adjust)) "holm" else adjust
  rows$p_adjusted <- p.adjust(rows$p, c(none = "none", holm = "holm", `benjamini-hochberg` = "BH")[[rows$adjust[1]]])
  rows$tests <- nrow(rows)
  given <- list(method = method, adjust = adjust)
  add_case(python_call("test", sample, given, quoted = list(as.list(what), if (length(by) > 1) as.list(by) else by)),
           rows[columns])
}

# Those who answered the question, belong to a group and have a weight. In the full design R also counts the rows
# without an answer in N, which X-squared is scaled by (F and p are not), and the clusters without any answer in the
# degrees of freedom; with the usable rows alone both are those of the answers that are compared.
table_of <- function(design, question, by) {
  base <- base_of(design, TRUE, question, by)
  ordered <- function(x) factor(x, levels = sort(unique(x), method = "radix"))
  group <- do.call(paste, c(unname(lapply(by, function(name) base$variables[[name]])), sep = ";"))
  update(base, answer = base$variables[[question]], level = ordered(answer), group = ordered(group))
}

# Second order: the mean of Pearson's X-squared over the trace of the design effects, F with d0 and d0 * nu.
test_rao_scott_f <- function(base) from_chisq(svychisq(~level + group, base, statistic = "F"))

# First order: R prints Pearson's X-squared, and takes the p-value of X-squared over the mean design effect. That
# quotient is given here; it is the F statistic times the number of design effects.
test_rao_scott_chisq <- function(base) {
  theirs <- svychisq(~level + group, base, statistic = "Chisq")
  second <- svychisq(~level + group, base, statistic = "F")
  df <- theirs$parameter[[1]]
  statistic <- as.vector(second$statistic) * df
  agree(pchisq(statistic, df, lower.tail = FALSE), theirs$p.value, 1e-12)
  list(statistic = statistic, df1 = df, df2 = NA_real_, p = as.vector(theirs$p.value))
}

test_wald <- function(base) from_chisq(svychisq(~level + group, base, statistic = "Wald"))
test_adjusted_wald <- function(base) from_chisq(svychisq(~level + group, base, statistic = "adjWald"))

from_chisq <- function(result) {
  list(statistic = as.vector(result$statistic), df1 = result$parameter[["ndf"]], df2 = result$parameter[["ddf"]],
       p = as.vector(result$p.value))
}

# The second group minus the first, over its standard error; the degrees of freedom are the design's less one.
test_t <- function(base) {
  theirs <- svyttest(answer ~ group, base)
  stopifnot(theirs$parameter[[1]] == degf(base) - 1)
  list(statistic = theirs$statistic[[1]], df1 = 1, df2 = theirs$parameter[[1]], p = theirs$p.value[[1]])
}

# All k means equal: Wald's statistic over k - 1, F with k - 1 and the design's degrees of freedom - k + 1.
test_mean_wald <- function(base) {
  theirs <- regTermTest(svyglm(answer ~ group, base), ~group)
  means <- svyby(~answer, ~group, base, svymean, covmat = TRUE)
  k <- nrow(means)
  against_first <- cbind(-1, diag(k - 1))
  gap <- against_first %*% coef(means)
  wald <- t(gap) %*% solve(against_first %*% vcov(means) %*% t(against_first), gap) / (k - 1)
  agree(wald / theirs$Ftest, 1, 1e-9)
  stopifnot(theirs$df == k - 1, theirs$ddf == degf(base) - k + 1)
  list(statistic = as.vector(theirs$Ftest), df1 = theirs$df, df2 = theirs$ddf, p = as.vector(theirs$p))
}

# The same W, F with one degree of freedom more, and scaled by how many are left of the design's.
test_adjusted_mean_wald <- function(base) {
  plain <- test_mean_wald(base)
  left <- degf(base) - plain$df1 + 1
  statistic <- plain$statistic * left / degf(base)
  list(statistic = statistic, df1 = plain$df1, df2 = left, p = pf(statistic, plain$df1, left, lower.tail = FALSE))
}

agree <- function(a, b, tolerance) stopifnot(max(abs(as.vector(a) - as.vector(b))) <= tolerance)

# --- cases ----------------------------------------------------------------------------------------------------

samples <- names(reference$designs)
yes_or_no <- c("phone", "out_of_school", "ledger", "flooded", "visited")
for (method in c("rao-scott-f", "rao-scott-chisq", "wald", "adjusted-wald")) {
  compare_groups("clustered", yes_or_no, "area", method = method)
  compare_groups("clustered_fpc", "barrier", "area", method = method) # one cell is empty
  compare_groups("elements", c("barrier", "phone"), "hukou", method = method)
  compare_groups("unstratified", "barrier", c("area", "hukou"), method = method)
}
for (sample in samples) compare_groups(sample, c("phone", "barrier", "visited"), "area", adjust = "benjamini-hochberg")
for (sample in c("clustered", "srs_fpc")) {
  compare_groups(sample, c("phone", "flooded"), "stayed", adjust = "none") # one cluster in each of two strata
  compare_groups(sample, "ledger", "stratum", method = "adjusted-wald")
  compare_groups(sample, "visited", c("hukou", "area"))
}
compare_groups("clustered", yes_or_no, "hukou")
compare_groups("clustered", yes_or_no, "hukou", adjust = "benjamini-hochberg")
for (sample in samples) compare_groups(sample, c("income", "phone"), "hukou", method = "t")
compare_groups("clustered", c("income", "children", "hours", "visited"), "stayed", method = "t")
compare_groups("clustered_fpc", c("income", "spend", "hours"), "hukou", method = "t", adjust = "benjamini-hochberg")
for (sample in samples) compare_groups(sample, c("income", "visited"), "area", method = "mean-wald")
compare_groups("clustered", c("income", "children", "hours"), "stratum", method = "mean-wald", adjust = "none")
compare_groups("clustered_fpc", c("income", "children", "phone"), c("area", "hukou"), method = "mean-wald")
compare_groups("clustered", "children", "hukou", method = "mean-wald")
for (sample in c("clustered", "clustered_fpc", "elements", "srs")) {
  compare_groups(sample, c("income", "visited"), "area", method = "adjusted-mean-wald")
}
compare_groups("clustered", c("income", "children"), "stratum", method = "adjusted-mean-wald", adjust = "none")
write_reference("testing.json")

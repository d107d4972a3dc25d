# Change of the respondents who were followed, and weights for those who stayed: Rscript tests/reference/panel.R
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
rows_like("contrast.R") # what estimates are, and how they are compared
rows_like("change.R") # two rounds as one design

for (round in c("r1", "r2")) {
  round_as(round, round, "w", "stratum", "grid")
  round_as(paste0(round, "_fpc"), round, "w", "stratum", "grid", "n_grids")
  round_as(paste0(round, "_persons"), round, "w", "stratum")
}

# Those with a weight in both rounds, each with the weight of its round.
matched_change <- function(before, after, what, by = NULL, statistic = NULL, adjust = NULL, level = NULL,
                           classes = NULL) {
  first <- reference$designs[[before]]
  second <- reference$designs[[after]]
  untouched <- respondents
  if (!is.null(classes)) respondents$w <<- stayed_weights(first, second, classes)
  design <- stacked(first, second, "panel")
  respondents <<- untouched
  here <- design$variables$round
  there <- weights(design, "sampling") > 0
  person <- design$variables$person
  followed <- there & person %in% intersect(person[there & here == first$round], person[there & here == second$round])
  for (column in what) design$variables[[column]][!followed] <- NA
  estimates <- in_rounds(design, or(statistic, "share"), what, by, c(first$round, second$round))
  rows <- changes_of(design, estimates, "panel", or(adjust, "holm"), or(level, 0.95))
  rows$statistic <- sprintf("matched_%s_change", or(statistic, "share"))
  if (or(statistic, "share") != "total") check_rounds(design, what, by, rows)
  rows <- rows[rows$n > 0, ] # of a group in which nobody was followed there is nothing to say
  given <- list(by = if (length(by) > 1) as.list(by) else by, key = "person", statistic = statistic, adjust = adjust,
                level = level, method = if (or(statistic, "share") == "share") "wald") # R's interval
  both <- paste(before, after, sep = ", ")
  weighted <- python_call("attrition_weights", both, list(), quoted = list("person", as.list(classes)))
  samples <- c(before, if (is.null(classes)) after else weighted)
  asked <- if (length(what) > 1) as.list(what) else what
  add_case(python_call("matched_change", paste(samples, collapse = ", "), given, quoted = list(asked)), rows[columns])
}

# The weight of a class in the first round is carried by those of it who have a weight in the second.
stayed_weights <- function(first, second, classes) {
  rows <- respondents
  one <- which(rows$round == first$round & rows$w > 0)
  two <- which(rows$round == second$round)
  class <- do.call(paste, c(unname(rows[one, classes, drop = FALSE]), sep = ";"))
  stayed <- rows$person[one] %in% rows$person[two][rows$w[two] > 0]
  all_of <- tapply(rows$w[one], class, sum)
  factor <- all_of[class] / tapply(rows$w[one] * stayed, class, sum)[class]
  stopifnot(is.finite(factor))
  factor <- ifelse(stayed, factor, 0)[match(rows$person[two], rows$person[one])]
  rows$w[two] <- rows$w[two] * ifelse(is.na(factor), 0, factor)
  rows$w
}

# --- cases ----------------------------------------------------------------------------------------------------

for (sample in c("", "_fpc", "_persons")) {
  before <- paste0("r1", sample)
  after <- paste0("r2", sample)
  matched_change(before, after, "phone")
  matched_change(before, after, c("documents", "water"), "hukou", adjust = "benjamini-hochberg")
  matched_change(before, after, "barrier", level = 0.9)
  matched_change(before, after, "income", "area", statistic = "mean")
  matched_change(before, after, "children", "hukou", statistic = "total", adjust = "none")
}
for (classes in list("age", c("age", "camp"), "stratum")) {
  matched_change("r1", "r2", "phone", classes = classes)
  matched_change("r1", "r2", "income", "hukou", statistic = "mean", classes = classes)
  matched_change("r1_persons", "r2_persons", "water", "age", classes = classes)
}
message(sprintf("%d changes checked against svycontrast of totals, %d of svyby", counted$totals, counted$svyby))
write_reference("panel.json")

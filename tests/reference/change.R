# Change between two rounds: Rscript tests/reference/change.R
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
rows_like("contrast.R") # what estimates are, and how they are compared

key <- c("indicator", "option", "by")
columns <- c(
  "indicator", "option", "statistic", "by", "estimate", "se", "low", "high", "df", "null", "t", "p", "p_adjusted",
  "adjust", "tests", "n", "before", "after", "overlap"
)

# --- two rounds as one design ---------------------------------------------------------------------------------

# A round's own sample, for the Python call; the two rounds of a change are stacked by `stacked`.
round_as <- function(name, round, weight, strata = NULL, cluster = NULL, fpc = NULL) {
  given <- list(weight = weight, strata = strata, cluster = cluster, fpc = fpc)
  rows <- sprintf("rounds.query('round == \\\"%s\\\"')", round) # the call is written into JSON
  sample_from(name, c(list(round = round), given), python_call("Sample", rows, given))
}

# overlap = "cluster": a stratum and cluster of the same name are the same in both rounds, so strata and clusters are
# those of either round, and what happened in a cluster twice counts as one. "panel": the same, and where respondents
# are the first-stage units, a person is the same in both rounds. "none": every round has strata of its own.
stacked <- function(before, after, overlap) {
  rows <- respondents[respondents$round %in% c(before$round, after$round), ]
  rows$.stratum <- if (is.null(before$strata)) "all" else rows[[before$strata]]
  if (overlap == "none") rows$.stratum <- paste(rows$round, rows$.stratum)
  rows$.unit <- if (!is.null(before$cluster)) rows[[before$cluster]] else
    if (overlap == "panel") rows$person else seq_len(nrow(rows))
  fpc <- if (!is.null(before$fpc)) reformulate(before$fpc)
  svydesign(ids = ~.unit, strata = ~.stratum, fpc = fpc, weights = reformulate(before$weight), data = rows, nest = TRUE)
}

# Of the clusters (for a panel: persons) that either estimate uses, the share that both use.
overlap_of <- function(design, before, after, overlap) {
  if (overlap == "none") return(0)
  unit <- if (overlap == "panel") design$variables$person else
    paste(design$variables$.stratum, design$variables$.unit)
  first <- unique(unit[before$used])
  second <- unique(unit[after$used])
  length(intersect(first, second)) / length(union(first, second))
}

# --- the call -------------------------------------------------------------------------------------------------

change <- function(before, after, what, by = NULL, statistic = NULL, overlap = NULL, adjust = NULL, level = NULL) {
  first <- reference$designs[[before]]
  second <- reference$designs[[after]]
  overlapping <- or(overlap, "cluster")
  design <- stacked(first, second, overlapping)
  estimates <- in_rounds(design, or(statistic, "share"), what, by, c(first$round, second$round))
  rows <- changes_of(design, estimates, overlapping, or(adjust, "holm"), or(level, 0.95))
  rows$statistic <- paste0(or(statistic, "share"), "_change")
  if (or(statistic, "share") != "total") check_rounds(design, what, by, rows)
  given <- list(by = if (length(by) > 1) as.list(by) else by, statistic = statistic, overlap = overlap,
                key = if (overlapping == "panel") "person", adjust = adjust, level = level,
                method = if (or(statistic, "share") == "share") "wald") # R's interval
  asked <- if (length(what) > 1) as.list(what) else what
  add_case(python_call("change", paste(before, after, sep = ", "), given, quoted = list(asked)), rows[columns])
}

# Every estimate twice: with the answers of the first round only, and of the second round only.
in_rounds <- function(design, statistic, what, by, rounds) {
  lapply(rounds, function(round) {
    here <- design$variables$round == round
    lapply(estimates_of(design, statistic, what, by), function(estimate) {
      estimate$above <- estimate$above * here
      estimate$used <- estimate$used & here
      estimate$round <- round
      if (!is.null(estimate$below)) estimate$below <- estimate$below * here
      estimate
    })
  })
}

changes_of <- function(design, estimates, overlap, adjust, level) {
  pairs <- Map(list, estimates[[1]], estimates[[2]])
  missing <- vapply(pairs, function(pair) !any(pair[[1]]$used) || !any(pair[[2]]$used), NA)
  rows <- do.call(rbind, lapply(pairs, function(pair) {
    row <- compared(design, pair, c(-1, 1), 0, level)$row
    values <- vapply(pair, value_of, 0, design = design)
    of <- c(pair[[1]][c("indicator", "option", "by")], before = values[1], after = values[2])
    as.data.frame(c(row, of, overlap = overlap_of(design, pair[[1]], pair[[2]], overlap)))
  }))
  # A total of nobody is no total: what was not there in one round has no change.
  rows[missing, c("estimate", "se", "low", "high", "t", "p")] <- NA
  rows$before[!vapply(estimates[[1]], function(one) any(one$used), NA)] <- NA
  rows$after[!vapply(estimates[[2]], function(one) any(one$used), NA)] <- NA
  rows$adjust <- adjust
  rows$tests <- sum(!is.na(rows$p))
  rows$p_adjusted <- p.adjust(rows$p, c(none = "none", holm = "holm", `benjamini-hochberg` = "BH")[[adjust]])
  rows
}

# The same from svyby(covmat = TRUE) over the rounds of the stacked design, and svycontrast.
check_rounds <- function(design, what, by, rows) {
  if (length(what) > 1 || is.character(design$variables[[what]])) return(invisible())
  for (domain in domains(design$variables, by)) {
    row <- rows[rows$by == domain$by, ]
    if (is.na(row$se)) next
    base <- base_of(design, domain$member, what)
    base <- update(base, .answer = base$variables[[what]])
    theirs <- svycontrast(svyby(~.answer, ~round, base, svymean, covmat = TRUE), c(-1, 1))
    agree(coef(theirs), row$estimate, 1e-10 * max(1, abs(row$estimate)))
    agree(SE(theirs), row$se, 1e-8 * row$se + 1e-12)
    stopifnot(row$df == degf(base))
    counted$svyby <- counted$svyby + 1
  }
}

# --- the samples ----------------------------------------------------------------------------------------------

for (round in c("r1", "r2", "r3")) {
  round_as(round, round, "w", "stratum", "grid")
  round_as(paste0(round, "_fpc"), round, "w", "stratum", "grid", "n_grids")
  round_as(paste0(round, "_persons"), round, "w", "stratum")
}

# --- cases ----------------------------------------------------------------------------------------------------

for (overlap in c("cluster", "none")) {
  for (pair in list(c("r1", "r2"), c("r2", "r3"))) {
    change(pair[1], pair[2], c("phone", "clinic", "water"), overlap = overlap)
    change(pair[1], pair[2], "documents", "area", overlap = overlap)
    change(pair[1], pair[2], "barrier", overlap = overlap, adjust = "benjamini-hochberg")
    change(pair[1], pair[2], "income", "hukou", statistic = "mean", overlap = overlap, level = 0.9)
  }
  change("r1_fpc", "r2_fpc", "phone", "stratum", overlap = overlap)
  change("r1", "r2", "children", "area", statistic = "total", overlap = overlap, adjust = "none")
  change("r1", "r2", "water", c("area", "hukou"), overlap = overlap)
  change("r1", "r3", "phone", "camp", overlap = overlap)
}
change("r1", "r2", c("phone", "documents"), "area")
change("r1", "r2", "barrier", "area")
for (sample in c("", "_persons")) {
  before <- paste0("r1", sample)
  after <- paste0("r2", sample)
  change(before, after, c("phone", "water"), overlap = "panel")
  change(before, after, "documents", "area", overlap = "panel")
  change(before, after, c("income", "spend"), "hukou", statistic = "mean", overlap = "panel", adjust = "none")
  change(before, after, "barrier", overlap = "panel", level = 0.9)
}
change("r1_persons", "r2_persons", "phone", "area", overlap = "none")
message(sprintf("%d changes checked against svycontrast of totals, %d of svyby", counted$totals, counted$svyby))
write_reference("change.json")

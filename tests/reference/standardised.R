# Rates at the ages of a standard population: Rscript tests/reference/standardised.R
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

# Direct standardisation: in every group, the mean of each age, weighed by the standard's share of that age. The survey
# package makes each group's weights those of the standard, which comes to the same, and so does its error: the ages'
# own sampled shares no longer count. The standard "sample" is the whole sample's, whose shares have an error too.
standardised <- function(sample, question, over, standard, by = NULL, statistic = NULL, level = NULL) {
  design <- reference$designs[[sample]]
  rows <- do.call(rbind, lapply(domains(design$variables, by), function(domain) {
    base <- base_of(design, domain$member, question, over, by)
    if (nrow(base) == 0) return(NULL)
    row <- common(base)
    row$statistic <- paste0("standardised_", if (is.null(statistic)) "share" else statistic)
    row <- c(row, rate_of(design, base, domain$member, question, over, standard))
    row <- c(row, symmetric(row$estimate, row$se, if (is.null(level)) 0.95 else level, row$df))
    as.data.frame(c(row, by = domain$by))[columns]
  }))
  given <- list(over = over, standard = if (is.character(standard)) standard else as.list(standard),
                by = if (length(by) > 1) as.list(by) else by, statistic = statistic, level = level)
  add_case(python_call("standardised", sample, given, quoted = question), rows)
}

rate_of <- function(design, base, member, question, over, standard) {
  ages <- if (is.character(standard)) na.omit(design$variables[[over]]) else names(standard)
  ages <- sort(unique(ages), method = "radix")
  if (!all(ages %in% base$variables[[over]])) return(list(estimate = NA, se = NA)) # an age without answers
  if (is.character(standard)) return(at_the_samples_ages(design, member, question, over, ages))
  at_known_ages(base, question, over, standard[ages] / sum(standard))
}

at_known_ages <- function(base, question, over, standard) {
  base <- update(base, .answer = base$variables[[question]], .all = "all",
                 .over = factor(base$variables[[over]], levels = names(standard)))
  theirs <- svymean(~.answer, svystandardize(base, by = ~.over, over = ~.all, population = standard))
  mixed <- svycontrast(svyby(~.answer, ~.over, base, svymean, covmat = TRUE), standard)
  agree(coef(theirs), coef(mixed), 1e-12 * max(1, abs(coef(mixed))))
  agree(SE(theirs), SE(mixed), 1e-12 * max(1, abs(coef(mixed))))
  list(estimate = as.vector(coef(theirs)), se = as.vector(SE(theirs)))
}

# Shares of the ages (p over q) times means of the ages in the group (a over b): one expression of totals.
at_the_samples_ages <- function(design, member, question, over, ages) {
  answers <- design$variables[[question]]
  of <- function(age) design$variables[[over]] %in% age
  used <- member & !is.na(answers)
  parts <- lapply(seq_along(ages), function(i) {
    columns <- cbind(of(ages[i]), ifelse(used & of(ages[i]), answers, 0), used & of(ages[i]))
    `colnames<-`(columns, paste0(c("p", "a", "b"), i))
  })
  totals <- svytotal(cbind(do.call(cbind, parts), q = of(ages)), design)
  mixed <- paste(sprintf("p%1$d / q * a%1$d / b%1$d", seq_along(ages)), collapse = " + ")
  theirs <- svycontrast(totals, list(rate = str2lang(mixed)))
  list(estimate = as.vector(coef(theirs)), se = as.vector(SE(theirs)))
}

agree <- function(a, b, tolerance) stopifnot(max(abs(as.vector(a) - as.vector(b))) <= tolerance)

round_as <- function(name, round, strata = NULL, cluster = NULL, fpc = NULL) {
  one_sided <- function(column) if (!is.null(column)) reformulate(column)
  design <- svydesign(
    ids = if (is.null(cluster)) ~1 else one_sided(cluster), strata = one_sided(strata), fpc = one_sided(fpc),
    weights = ~w, data = respondents[respondents$round == round, ], nest = TRUE
  )
  rows <- sprintf("rounds.query('round == \\\"%s\\\"')", round) # the call is written into JSON
  given <- list(weight = "w", strata = strata, cluster = cluster, fpc = fpc)
  sample_from(name, design, python_call("Sample", rows, given))
}

for (round in c("r1", "r2", "r3")) {
  round_as(round, round, "stratum", "grid")
  round_as(paste0(round, "_fpc"), round, "stratum", "grid", "n_grids")
  round_as(paste0(round, "_persons"), round, "stratum")
}

# --- cases ----------------------------------------------------------------------------------------------------

ages <- c(`0-14` = 0.3, `15-59` = 0.5, `60+` = 0.2)
counted_ages <- c(`60+` = 412, `0-14` = 903, `15-59` = 2118) # people, in any order
movers <- setNames(c(0.5, 0.5), c("外地", "本地"))
for (sample in names(reference$designs)) {
  standardised(sample, "phone", "age", ages)
  standardised(sample, "phone", "age", ages, by = "area")
  standardised(sample, "income", "age", counted_ages, by = "hukou", statistic = "mean", level = 0.9)
}
for (round in c("r1", "r2", "r3")) {
  standardised(round, "documents", "age", counted_ages, by = "area") # 0 in the villages of two rounds
  standardised(round, "water", "hukou", movers, by = "stratum")
  standardised(round, "children", "age", ages, by = c("area", "hukou"), statistic = "mean")
  standardised(round, "phone", "age", "sample", by = "area")
  standardised(round, "income", "hukou", "sample", by = "age", statistic = "mean", level = 0.9)
}
standardised("r1_fpc", "clinic", "age", ages, by = c("hukou", "area")) # a stratum was not asked
standardised("r2_persons", "spend", "age", ages, by = "camp", statistic = "mean")
standardised("r1_fpc", "water", "age", "sample")
write_reference("standardised.json")

# Overlap of deprivations, and its change between rounds: Rscript tests/reference/overlap.R
fixture <- "deprivations"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

key <- c("indicator", "option", "by")
columns <- c("indicator", "option", "by", "estimate", "se", "df", "n")
counted <- new.env()
counted$agreed <- 0

dimensions <- list(
  education = c("out_of_school", "no_documents"),
  health = c("no_insurance", "unmet_care", "no_checkup"),
  livelihood = "crowded",
  support = c("alone", "no_friend")
)
least <- c(education = 1, health = 1, livelihood = 1, support = 2) # indicators that make a child deprived

for (round in c("r1", "r2")) {
  # The rows of one round; the call is written into JSON.
  rows <- respondents[respondents$round == round, ]
  text <- sprintf("deprivations.query('round == \\\"%s\\\"')", round)
  for (fpc in c(FALSE, TRUE)) {
    given <- list(weight = "w", strata = "stratum", cluster = "cluster", fpc = if (fpc) "n_clusters")
    design <- svydesign(~cluster, strata = ~stratum, weights = ~w, data = rows, nest = TRUE,
                        fpc = if (fpc) ~n_clusters)
    sample_from(paste0(round, if (fpc) "_fpc"), design, python_call("Sample", text, given))
  }
}

# --- states ---------------------------------------------------------------------------------------------------

# For every dimension: deprived for certain (low), perhaps (high), every indicator answered, and about the child.
states_of <- function(frame) {
  one <- function(name) {
    cells <- as.matrix(frame[dimensions[[name]]])
    yes <- rowSums(matrix(cells %in% "1", nrow(cells)))
    about <- rowSums(!is.na(cells))
    answered <- rowSums(matrix(cells %in% c("0", "1"), nrow(cells)))
    list(low = yes >= least[[name]], high = yes + about - answered >= least[[name]],
         measured = answered == about, about = about >= least[[name]])
  }
  every <- lapply(names(dimensions), one)
  part <- function(which) `colnames<-`(sapply(every, `[[`, which), names(dimensions))
  list(low = part("low"), high = part("high"), measured = part("measured"),
       about = rowSums(part("about")) == length(dimensions))
}

# --- estimates ------------------------------------------------------------------------------------------------

# One row: a mean (without `below`) or a ratio of the survey package, over the used children of a domain.
one_row <- function(design, used, indicator, option, by, above, below = NULL) {
  used <- used & weights(design) > 0
  if (!any(used)) return(NULL)
  design$variables$.above <- as.numeric(above)
  design$variables$.below <- if (is.null(below)) 1 else as.numeric(below)
  base <- design[used, ]
  n <- sum(used)
  row <- list(indicator = indicator, option = option, by = by, estimate = NA_real_, se = NA_real_, df = degf(base), n = n)
  if (sum(base$variables$.below) > 0) {
    theirs <- if (is.null(below)) svymean(~.above, base) else svyratio(~.above, ~.below, base)
    row$estimate <- as.vector(coef(theirs))
    row$se <- as.vector(SE(theirs))
  }
  as.data.frame(row)
}

overlap <- function(sample, cutoffs = NULL, weights = NULL, by = NULL, base = NULL) {
  design <- reference$designs[[sample]]
  states <- states_of(design$variables)
  weight <- if (is.null(weights)) rep(1, 4) else unlist(weights)
  weight <- weight / sum(weight)
  settled <- if (identical(base, "known")) states$low == states$high else states$measured
  inside <- states$about & rowSums(settled) == 4
  ks <- if (is.null(cutoffs)) 1:4 else cutoffs
  shares <- ifelse(ks >= 1, ks / 4, ks)
  labels <- ifelse(ks >= 1, ks, paste0(vapply(100 * ks, format, "", digits = 10), "%"))
  groupings <- c(list(NULL), if (!is.null(by)) list(by))
  everywhere <- unlist(lapply(groupings, function(groups) domains(design$variables, groups)), recursive = FALSE)
  rows <- do.call(rbind, lapply(everywhere, function(domain) {
    rows_of_overlap(design, domain, states, inside, settled, weight, shares, labels)
  }))
  if (!is.null(by)) rows <- rbind(rows, group_rows(design, states, inside, weight, shares, labels, by))
  given <- list(cutoffs = if (!is.null(cutoffs)) as.list(cutoffs), weights = weights,
                by = if (length(by) > 1) as.list(by) else by, base = base)
  add_case(python_call("overlap", sample, given), rows)
}

rows_of_overlap <- function(design, domain, states, inside, settled, weight, shares, labels) {
  rows <- list()
  add <- function(indicator, option, used, above, below = NULL) {
    rows[[length(rows) + 1]] <<- one_row(design, used & domain$member, indicator, option, domain$by, above, below)
  }
  score <- as.vector(states$low %*% weight)
  highest <- as.vector(states$high %*% weight)
  count <- rowSums(states$low)
  for (i in seq_along(shares)) {
    at <- paste0("cutoff=", escape(labels[i]))
    poor <- score >= shares[i] - 1e-9
    perhaps <- highest >= shares[i] - 1e-9
    add("headcount", at, inside, poor)
    add("adjusted_headcount", at, inside, score * poor)
    add("intensity", at, inside, score * poor, poor)
    add("headcount_low", at, states$about, poor)
    add("headcount_high", at, states$about, perhaps)
    add("adjusted_headcount_low", at, states$about, score * poor)
    add("adjusted_headcount_high", at, states$about, highest * perhaps)
    for (d in seq_along(dimensions)) {
      of <- paste0(at, ";dimension=", names(dimensions)[d])
      both <- states$low[, d] & poor
      add("censored_headcount", of, inside, both)
      add("contribution", of, inside, weight[d] * both)
      add("contribution_share", of, inside, weight[d] * both, score * poor)
    }
  }
  for (d in seq_along(dimensions)) {
    of <- paste0("dimension=", names(dimensions)[d])
    add("uncensored_headcount", of, inside, states$low[, d])
    add("incidence", of, states$about & settled[, d], states$low[, d])
    add("incidence_low", of, states$about, states$low[, d])
    add("incidence_high", of, states$about, states$high[, d])
    for (others in 0:3) {
      add("together", paste0(of, ";others=", others), inside, states$low[, d] & count == others + 1)
      add("together_of_deprived", paste0(of, ";others=", others), inside & states$low[, d], count == others + 1)
    }
    for (e in seq_along(dimensions)) if (e > d) {
      add("pair", paste0(of, ";other=", names(dimensions)[e]), inside, states$low[, d] & states$low[, e])
    }
  }
  for (number in 0:4) {
    add("deprivations", paste0("count=", number), inside, count == number)
    if (number > 0) {
      add("at_least", paste0("count=", number), inside, count >= number)
      add("at_least_low", paste0("count=", number), states$about, count >= number)
      add("at_least_high", paste0("count=", number), states$about, rowSums(states$high) >= number)
    }
  }
  add("mean_deprivations", "", inside, count)
  add("depth", "", inside, count, count > 0)
  held <- apply(states$low, 1, function(row) paste(names(dimensions)[row], collapse = "+"))
  for (name in unique(held[inside & weights(design) > 0])) {
    add("combination", paste0("combination=", name), inside, held == name)
  }
  do.call(rbind, rows)
}

# Of the whole: children and M0 of each group, those without a group left out.
group_rows <- function(design, states, inside, weight, shares, labels, by) {
  score <- as.vector(states$low %*% weight)
  known <- inside & complete.cases(design$variables[by])
  do.call(rbind, lapply(domains(design$variables, by), function(domain) {
    group <- paste0("group=", escape(domain$by))
    shares_of_m0 <- lapply(seq_along(shares), function(i) {
      counted <- score * (score >= shares[i] - 1e-9)
      option <- paste0("cutoff=", escape(labels[i]), ";", group)
      one_row(design, known, "group_contribution", option, "", counted * domain$member, counted)
    })
    rbind(one_row(design, known, "group_share", group, "", domain$member), do.call(rbind, shares_of_m0))
  }))
}

# --- change ---------------------------------------------------------------------------------------------------

# Both rounds as one design; a stratum and cluster of the same name are the same in both, or all differ ("none").
overlap_change <- function(overlap = NULL, by = NULL) {
  rows <- respondents
  rows$.stratum <- if (identical(overlap, "none")) paste(rows$round, rows$stratum) else rows$stratum
  design <- svydesign(~cluster, strata = ~.stratum, weights = ~w, data = rows, nest = TRUE)
  states <- states_of(rows)
  inside <- states$about & rowSums(states$measured) == 4
  score <- rowMeans(states$low)
  rows_of <- lapply(domains(rows, by), function(domain) {
    do.call(rbind, lapply(1:4, function(k) changed(design, domain, states, inside, score, k)))
  })
  given <- list(by = by, overlap = overlap)
  add_case(python_call("overlap_change", "r1, r2", given), do.call(rbind, rows_of))
}

# Expressions of totals of children (b), the multiply deprived (p) and their scores (s) in each round, which the survey
# package differentiates.
changed <- function(design, domain, states, inside, score, k) {
  poor <- score >= k / 4 - 1e-9
  used <- inside & domain$member & weights(design) > 0
  round <- design$variables$round
  totals <- list()
  for (one in 1:2) {
    here <- used & round == paste0("r", one)
    totals[[paste0("b", one)]] <- here
    totals[[paste0("p", one)]] <- here & poor
    totals[[paste0("s", one)]] <- here * poor * score
    for (d in 1:4) totals[[paste0("d", d, "_", one)]] <- here * poor * states$low[, d] / 4
  }
  if (!any(totals$b1) || !any(totals$b2)) return(NULL) # we say why there is no change
  found <- svytotal(do.call(cbind, lapply(totals, as.numeric)), design)
  names(found) <- names(totals)
  effects <- c(
    headcount_change = "p2/b2 - p1/b1", intensity_change = "s2/p2 - s1/p1", adjusted_headcount_change = "s2/b2 - s1/b1",
    headcount_effect = "(p2/b2 - p1/b1) * (s1/p1 + s2/p2) / 2",
    intensity_effect = "(s2/p2 - s1/p1) * (p1/b1 + p2/b2) / 2",
    setNames(sprintf("d%d_2/b2 - d%d_1/b1", 1:4, 1:4), rep("contribution_change", 4))
  )
  options <- c(rep("", 5), paste0(";dimension=", names(dimensions)))
  nobody <- !any(totals$p1) || !any(totals$p2)
  rows <- lapply(seq_along(effects), function(i) {
    undefined <- nobody && grepl("/p", effects[i])
    theirs <- if (!undefined) svycontrast(found, list(x = str2lang(effects[i])))
    se <- if (undefined) NA_real_ else suppressWarnings(as.vector(SE(theirs))) # the root of a negative rounding error
    if (is.nan(se) && !undefined) se <- 0
    data.frame(indicator = names(effects)[i], option = paste0("cutoff=", k, options[i]), by = domain$by,
               estimate = if (undefined) NA_real_ else as.vector(coef(theirs)), se = if (!undefined && se < 1e-12) 0 else se,
               df = if (undefined && grepl("effect", names(effects)[i])) 0 else degf(design[used, ]), n = sum(used))
  })
  made <- do.call(rbind, rows)
  parts <- sum(made$estimate[4:5])
  if (!nobody) stopifnot(abs(parts - made$estimate[3]) < 1e-12)
  counted$agreed <- counted$agreed + !nobody
  made
}

# --- cases ----------------------------------------------------------------------------------------------------

overlap("r1")
overlap("r1", by = "area")
overlap("r1_fpc", by = c("hukou", "camp"), cutoffs = c(1, 2, 0.3))
overlap("r2", by = "camp", weights = list(education = 2, health = 1, livelihood = 1, support = 0.5))
overlap("r2_fpc", by = "stratum", cutoffs = c(0.333333333333, 0.5), base = "known")
overlap("r1", by = "stratum", base = "known",
        weights = list(education = 1, health = 3, livelihood = 2, support = 1))
overlap_change()
overlap_change(overlap = "none", by = "area")
overlap_change(by = "camp")
stopifnot(counted$agreed > 10)
write_reference("overlap.json")

# Change between rounds that were weighted to known totals: Rscript tests/reference/change_weighted.R
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
rows_like("contrast.R") # what estimates are, and how they are compared
rows_like("change.R") # two rounds as one design

rounds <- c("r1", "r2", "r3")
for (round in rounds) {
  round_as(round, round, "w", "stratum", "grid")
  round_as(paste0(round, "_fpc"), round, "w", "stratum", "grid", "n_grids")
  round_as(paste0(round, "_persons"), round, "w", "stratum")
}
ages <- list(
  r1 = list(`0-14` = 120, `15-59` = 205, `60+` = 65), r2 = list(`0-14` = 170, `15-59` = 230, `60+` = 120),
  r3 = list(`0-14` = 190, `15-59` = 150, `60+` = 70)
)
camps <- list(r1 = list(no = 385, yes = 5), r2 = list(no = 512, yes = 8), r3 = list(no = 406, yes = 4))

for (sample in paste0(rep(rounds, 3), rep(c("", "_fpc", "_persons"), each = 3))) {
  given <- reference$designs[[sample]]
  of <- given$round
  sample_from(paste0("post_", sample), c(given, how = "post"),
              python_call("weighting.post_stratify", sample, list(), quoted = list("age", ages[[of]])))
  margins <- list(age = ages[[of]], camp = camps[[of]])
  sample_from(paste0("raked_", sample), c(given, how = "raked"),
              python_call("weighting.rake", sample, list(errors = "r"), quoted = list(margins)))
}

# Both rounds weighted at once, each to its own totals: what one round's totals make certain says nothing of the other.
plain <- stacked
stacked <- function(before, after, overlap) {
  design <- plain(before, after, overlap)
  design <- design[weights(design) > 0, ] # R would divide by the weight zero
  both <- c(before$round, after$round)
  cells <- function(totals) do.call(rbind, lapply(both, function(round) {
    data.frame(cell = paste(round, names(totals[[round]])), Freq = unlist(totals[[round]]))
  }))
  design <- update(design, .age = paste(round, age), .camp = paste(round, camp))
  wanted <- list(setNames(cells(ages), c(".age", "Freq")), setNames(cells(camps), c(".camp", "Freq")))
  if (before$how == "post") return(postStratify(design, ~.age, wanted[[1]]))
  rake(design, list(~.age, ~.camp), wanted, control = list(maxit = 500, epsilon = 1e-13))
}

# The design of a domain as R keeps it when weights are calibrated: all rows, the others with weight zero.
check_rounds <- function(design, what, by, rows) invisible()

# --- cases ----------------------------------------------------------------------------------------------------

for (how in c("post_", "raked_")) {
  one <- function(round, sample = "") paste0(how, round, sample)
  for (overlap in c("cluster", "none")) {
    change(one("r1"), one("r2"), c("phone", "water"), overlap = overlap)
    change(one("r2"), one("r3"), "documents", "area", overlap = overlap)
    change(one("r1", "_fpc"), one("r2", "_fpc"), "income", "hukou", statistic = "mean", overlap = overlap)
    change(one("r1"), one("r2"), "children", "age", statistic = "total", overlap = overlap, level = 0.9)
  }
  change(one("r1", "_persons"), one("r2", "_persons"), c("phone", "barrier"), overlap = "panel")
  change(one("r1"), one("r2"), "spend", "area", statistic = "mean", overlap = "panel")
}
message(sprintf("%d changes checked against svycontrast of totals", counted$totals))
write_reference("change_weighted.json")

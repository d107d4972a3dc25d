# Power, detectable change and sample size of two rounds: Rscript tests/reference/planning.R
# Clusters take the place of persons: a cluster's share has variance p(1-p)(icc + (1-icc)/m), and two rounds of the
# same clusters are pairs. So power.prop.test answers for persons drawn singly, power.t.test for everything else.
fixture <- "plans"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

key <- "row"
columns <- c("row", "change", "power", "clusters")
exact <- 1e-14 # of uniroot, whose own default would stop at 1e-4

power_for <- function(plan, after, clusters = plan$clusters) {
  if (plan$test == "z") {
    power.prop.test(n = clusters, p1 = plan$before, p2 = after, sig.level = 1 - plan$level)$power
  } else {
    power.t.test(n = clusters, delta = after - plan$before, sd = spread(plan, after), sig.level = 1 - plan$level,
                 type = kind(plan))$power
  }
}

kind <- function(plan) if (plan$overlap == 1) "paired" else "two.sample"

# Of one cluster's share or, for pairs, of the difference of its two shares.
spread <- function(plan, after) {
  p <- c(plan$before, after)
  variance <- p * (1 - p) * (plan$icc + (1 - plan$icc) / plan$per_cluster)
  if (kind(plan) == "two.sample") return(sqrt(mean(variance)))
  most <- min(p) * (1 - max(p))
  covariance <- plan$icc * min(plan$correlation * sqrt(prod(p * (1 - p))), most)
  sqrt(sum(variance) - 2 * covariance)
}

# The smallest change in one direction; nothing where even the largest is not found.
detectable <- function(plan, end) {
  if (power_for(plan, end - sign(end - plan$before) * 1e-12) < plan$power) return(NA_real_)
  near <- plan$before + sign(end - plan$before) * 1e-9
  uniroot(function(after) power_for(plan, after) - plan$power, sort(c(near, end)), tol = exact)$root - plan$before
}

needed <- function(plan) {
  enough <- Vectorize(function(clusters) power_for(plan, plan$before + plan$change, clusters) >= plan$power)
  largest <- 2
  while (!enough(largest)) largest <- largest * 2
  tried <- if (largest == 2) 2 else seq(largest / 2 + 1, largest)
  min(tried[enough(tried)])
}

row_of <- function(row, change = NA_real_, power = NA_real_, clusters = NA_real_) {
  data.frame(row = row, change = change, power = power, clusters = clusters)
}

for (i in seq_len(nrow(respondents))) {
  plan <- as.list(respondents[i, ])
  given <- plan[c("before", "clusters", "per_cluster", "icc", "overlap", "correlation", "level", "power", "test")]
  names(given)[1] <- "share"
  written <- sprintf("Plan(%s)", paste(names(given), vapply(given, python_value, ""), sep = "=", collapse = ", "))
  change <- python_value(plan$change)
  add_case(sprintf("power_of_change(%s, change=%s)", written, change),
           row_of(0, plan$change, power_for(plan, plan$before + plan$change)))
  add_case(sprintf("detectable_change(%s)", written), row_of(0:1, c(detectable(plan, 1), detectable(plan, 0))))
  add_case(sprintf("sample_needed(%s, change=%s)", written, change), row_of(0, clusters = needed(plan)))
}

# One number of a textbook, so that the reading of "n in each group" is not ours alone.
stopifnot(ceiling(power.prop.test(p1 = 0.5, p2 = 0.75, power = 0.9)$n) == 77) # in R's own help page
write_reference("planning.json")

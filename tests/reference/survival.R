# Waiting times: curves, quantiles, means, competing events, log-rank tests: Rscript tests/reference/survival.R
fixture <- "waits"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
suppressPackageStartupMessages(library(survival))

reference$more$survival <- as.character(packageVersion("survival"))
key <- "row"
columns <- c("row", "what", "name", "time", "at_risk", "events", "estimate", "se", "low", "high")
conf_type <- c(`log-log` = "log-log", linear = "plain")

row_of <- function(what, estimate, name = "", time = NA, at_risk = NA, events = NA, se = NA, low = NA, high = NA) {
  data.frame(what, name, time, at_risk, events, estimate, se, low, high)
}

add <- function(call, rows) {
  rows <- do.call(rbind, rows)
  rows$row <- seq_len(nrow(rows))
  rows[sapply(rows, is.numeric)] <- lapply(rows[sapply(rows, is.numeric)], function(x) ifelse(is.finite(x), x, NA))
  add_case(call, rows[columns])
}

of_case <- function(case) respondents[respondents$case == case, ]

curve <- function(case, interval, level) {
  fit <- survfit(Surv(days, event) ~ 1, of_case(case), conf.type = conf_type[[interval]], conf.int = level)
  rows <- list(row_of("curve", fit$surv, time = fit$time, at_risk = fit$n.risk, events = fit$n.event,
                      se = fit$std.err * fit$surv, low = fit$lower, high = fit$upper))
  for (share in c(0.1, 0.25, 0.5, 0.75, 0.9)) {
    found <- quantile(fit, share)
    rows <- c(rows, list(row_of("quantile", found$quantile, time = share, low = found$lower, high = found$upper)))
  }
  for (until in unique(c(max(fit$time) / 2, max(fit$time)))) {
    found <- survival:::survmean(fit, rmean = until)$matrix
    rows <- c(rows, list(row_of("mean", found[["rmean"]], time = until, se = found[["se(rmean)"]])))
  }
  add(sprintf("kaplan_meier('%s', interval='%s', level=%s)", case, interval, level), rows)
}

incidence <- function(case, interval, level) {
  mine <- of_case(case)
  causes <- setdiff(sort(unique(mine$cause)), 0)
  mine$which <- factor(mine$cause, c(0, causes))
  fit <- survfit(Surv(days, which) ~ 1, mine, conf.type = conf_type[[interval]], conf.int = level)
  rows <- lapply(seq_along(causes), function(j) {
    at <- match(as.character(causes[j]), fit$states)
    row_of("incidence", fit$pstate[, at], as.character(causes[j]), fit$time, fit$n.risk[, 1], fit$n.event[, at],
           fit$std.err[, at], fit$lower[, at], fit$upper[, at])
  })
  add(sprintf("cumulative_incidence('%s', interval='%s', level=%s)", case, interval, level), rows)
}

comparison <- function(case, groups) {
  mine <- of_case(case)
  mine <- mine[mine$group %in% groups, ]
  test <- survdiff(Surv(days, event) ~ group, mine)
  df <- sum(test$exp > 0) - 1
  rows <- list(row_of("group", test$exp, sub("group=", "", names(test$n)), at_risk = as.vector(test$n), events = test$obs),
               row_of("test", test$chisq, time = df, se = pchisq(test$chisq, df, lower.tail = FALSE)))
  add(sprintf("log_rank('%s', %s)", case, python_value(as.list(groups))), rows)
}

cases <- unique(respondents$case)
for (case in cases) for (interval in names(conf_type)) curve(case, interval, if (case == "large") 0.9 else 0.95)
for (case in setdiff(cases, c("everybody_censored", "one_censored"))) {
  for (interval in names(conf_type)) incidence(case, interval, 0.95)
}
comparison("large", c("a", "b"))
comparison("large", c("b", "c", "d"))
comparison("large", c("a", "b", "c", "d"))
for (case in c("nobody_censored", "censored_on_the_day_of_events", "on_the_first_day", "last_is_an_event")) {
  comparison(case, c("a", "b"))
}
write_reference("survival.json")

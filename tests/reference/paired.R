# Paired scores before and after, with classes as clusters: Rscript tests/reference/paired.R
#
# The scores are a number of the people who were asked in two rounds; their grids play the part of classes.
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

key <- "course"
columns <- c("course", "n", "before", "after", "estimate", "se", "low", "high", "df", "t", "p", "p_adjusted", "d_z",
             "d_z_low", "d_z_high", "d_av", "d_av_low", "d_av_high", "lost", "lost_difference", "lost_se", "lost_low",
             "lost_high", "lost_df", "lost_p")

# Those of the first round with an answer, and their answer in the second (NA: lost).
scores_of <- function(question, course, classes) {
  usable <- respondents[!is.na(respondents[[question]]) & !is.na(respondents[[course]]), ]
  first <- usable[usable$round == "r1", ]
  second <- usable[usable$round == "r2", ]
  pairs <- data.frame(course = first[[course]], class = paste(first$stratum, first$grid), before = first[[question]],
                      after = second[[question]][match(first$person, second$person)])
  if (!classes) pairs$class <- as.character(seq_len(nrow(pairs)))
  # Nobody is lost of a class of which nobody was measured afterwards.
  taught <- if (classes) paste(pairs$course, pairs$class) else pairs$course
  pairs[taught %in% taught[!is.na(pairs$after)], ]
}

# The noncentral t distributions at whose ends the statistic lies.
noncentrality <- function(t, df) {
  vapply(c(0.975, 0.025), function(end) {
    below <- function(delta) suppressWarnings(pt(t, df, delta)) - end # it warns far from the end that is looked for
    uniroot(below, c(-30, 30), tol = 1e-14, maxiter = 10000)$root
  }, 0)
}

row_of <- function(course, all, classes) {
  mine <- all[all$course == course, ]
  both <- mine[!is.na(mine$after), ]
  design <- svydesign(ids = ~class, weights = ~1, data = both)
  tested <- svyttest(I(after - before) ~ 0, design)
  estimate <- as.vector(tested$estimate)
  df <- degf(design)
  t <- as.vector(tested$statistic)
  p <- 2 * pt(-abs(t), df)
  # A mean costs no degree of freedom beyond degf(), as in t.test(); survey before 4.1 had it so, 4.1 takes one more.
  stopifnot(all.equal(as.vector(tested$p.value), 2 * pt(-abs(t), tested$parameter[[1]]), tolerance = 1e-12))
  se <- as.vector(SE(svymean(~I(after - before), design)))
  if (!classes) { # with persons as units this is the plain paired test
    plain <- t.test(both$after, both$before, paired = TRUE)
    stopifnot(all.equal(as.vector(plain$statistic), t, tolerance = 1e-12), df == plain$parameter,
              all.equal(plain$p.value, p, tolerance = 1e-10),
              all.equal(as.vector(plain$conf.int), estimate + c(-1, 1) * qt(0.975, df) * se, tolerance = 1e-12))
  }
  moved <- both$after - both$before
  average <- (sd(both$before) + sd(both$after)) / 2
  ends <- noncentrality(t, df) * se
  mine$lost <- factor(ifelse(is.na(mine$after), "lost", "stayed"), levels = c("stayed", "lost"))
  apart <- svyttest(before ~ lost, svydesign(ids = ~class, weights = ~1, data = mine))
  apart_se <- as.vector(apart$estimate / apart$statistic)
  reach <- qt(0.975, apart$parameter[[1]]) * apart_se
  data.frame(
    course = course, n = nrow(both), before = mean(both$before), after = mean(both$after), estimate = estimate, se = se,
    low = estimate - qt(0.975, df) * se, high = estimate + qt(0.975, df) * se, df = df, t = t,
    p = p, d_z = estimate / sd(moved), d_z_low = ends[1] / sd(moved),
    d_z_high = ends[2] / sd(moved), d_av = estimate / average, d_av_low = ends[1] / average,
    d_av_high = ends[2] / average, lost = sum(mine$lost == "lost"), lost_difference = as.vector(apart$estimate),
    lost_se = apart_se, lost_low = as.vector(apart$estimate) - reach, lost_high = as.vector(apart$estimate) + reach,
    lost_df = apart$parameter[[1]], lost_p = as.vector(apart$p.value)
  )
}

paired <- function(question, course, classes) {
  all <- scores_of(question, course, classes)
  rows <- do.call(rbind, lapply(sort(unique(all$course), method = "radix"), row_of, all = all, classes = classes))
  rows$p_adjusted <- p.adjust(rows$p, "holm")
  add_case(sprintf("paired('%s', '%s', classes=%s)", question, course, if (classes) "True" else "False"), rows[columns])
}

for (question in c("spend", "food", "income")) {
  for (course in c("hukou", "age", "stratum")) {
    paired(question, course, TRUE)
    paired(question, course, FALSE)
  }
}
write_reference("paired.json")

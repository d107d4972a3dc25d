# Several stages, population sizes at each, lonely units and subpopulations: Rscript tests/reference/stages.R
fixture <- "stages"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
for (script in c("share.R", "mean.R", "quantile.R")) rows_like(script)

# --- the samples ----------------------------------------------------------------------------------------------

blocks <- c("street", "block")
households <- c(blocks, "household")
in_all <- c("N_streets", "N_blocks", "N_households", "N_members")
fractions <- c("f_streets", "f_blocks", "f_households")

sample_as("streets", "w", "district", "street")
sample_as("streets_fpc", "w", "district", "street", in_all[1])
sample_as("streets_fraction", "w", "district", "street", fractions[1])

sample_as("two_stage", "w", "district", blocks, in_all[1:2])
sample_as("two_stage_fraction", "w", "district", blocks, fractions[1:2])
sample_as("two_stage_unstratified", "w", NULL, c("address", "block"), c("N_all", in_all[2]))
sample_as("people_in_streets", "w", "district", "street", c(in_all[1], "N_people"))
sample_as("houses", "w", c("district", "houses"), blocks, c(in_all[1], "N_houses"))
sample_as("houses_only", "w", c(NA, "houses"), c("address", "block"), c("N_all", "N_houses"))

sample_as("three_stage", "w", "district", households, in_all[1:3])
sample_as("three_stage_fraction", "w", "district", households, fractions)
sample_as("four_stage", "w", "district", households, in_all)

# A stage without population sizes is with replacement, and the last that counts.
sample_as("ended_at_streets", "w", "district", blocks)
sample_as("ended_at_blocks", "w", "district", blocks, in_all[1])
sample_as("ended_early", "w", "district", households, in_all[1])
for (rule in c("certainty", "adjust")) {
  sample_as(paste0("ended_at_households_", rule), "w", "district", households, in_all[1:2], lonely = rule)
}

for (rule in c("remove", "certainty", "average", "adjust")) {
  sample_as(paste0("lonely_", rule), "w", "district_lonely", "street", lonely = rule)
  sample_as(paste0("lonely_fpc_", rule), "w", "district_lonely", blocks, c("N_lonely", in_all[2]), lonely = rule)
}
for (rule in c("remove", "certainty", "adjust")) {
  sample_as(paste0("site_", rule), "w", "district", c("street", "site"), c(in_all[1], "N_sites"), lonely = rule)
}
for (rule in c("certainty", "adjust")) {
  sample_as(paste0("old_houses_", rule), "w", c("district", "houses_lonely"), blocks, c(in_all[1], "N_houses_lonely"),
            lonely = rule)
  sample_as(paste0("lonely_twice_", rule), "w", c("district_lonely", "houses_lonely"), households,
            c("N_lonely", "N_houses_lonely", in_all[3]), lonely = rule)
}

# Everybody was asked: nothing was left to chance at any stage.
everybody <- svydesign(ids = ~1, weights = ~w, fpc = rep(nrow(respondents), nrow(respondents)), data = respondents)
sample_from("census", everybody, "Sample(stages, weight='w', kind='census')")

subpopulation_as <- function(name, sample, column) {
  design <- reference$designs[[sample]]
  member <- design$variables[[column]] %in% 1
  call <- sprintf("%s.subpopulation(%s)", sample, python_value(column))
  sample_from(name, design[member, ], call, reference$lonely[[sample]])
}
subpopulation_as("girls", "two_stage", "girl")
subpopulation_as("girls_by_streets", "streets", "girl")
subpopulation_as("flooded_girls", "girls", "flooded")
subpopulation_as("flooded_lonely", "lonely_fpc_adjust", "flooded")
subpopulation_as("flooded_houses", "houses", "flooded")
subpopulation_as("visited_in_households", "three_stage", "visited")

# --- cases ----------------------------------------------------------------------------------------------------

designs <- setdiff(names(reference$designs), "census")
several <- c("two_stage", "people_in_streets", "houses", "houses_only", "three_stage", "four_stage", "ended_at_blocks",
             "lonely_fpc_adjust", "lonely_fpc_average", "site_adjust", "old_houses_certainty", "lonely_twice_adjust")
for (sample in designs) {
  estimate("mean", sample, "income")
  estimate("total", sample, "children", by = "area")
  estimate("share", sample, "phone", by = "hukou", method = "wilson")
  estimate("ratio", sample, "food", "spend", by = "shore")
}
for (sample in several) {
  estimate("mean", sample, "day", by = "district")
  estimate("mean", sample, "debt", by = "camp", level = 0.9)
  estimate("total", sample, "debt", by = c("area", "hukou"), level = 0.9)
  estimate("total", sample, "visited", by = "district")
  estimate("ratio", sample, "visited", "children", by = c("sex", "age"))
  estimate("share", sample, "barrier", by = "area", method = "logit")
  estimate("share", sample, "owns", by = "area", method = "wilson", level = 0.9)
}
for (sample in c("two_stage", "houses", "three_stage", "lonely_adjust", "lonely_fpc_average", "site_certainty")) {
  estimate("quantile", sample, "income", by = "area")
  estimate("quantile", sample, "children", by = "shore", level = 0.9)
  estimate("quantile", sample, "debt", probs = c(0.2, 0.5, 0.9))
  estimate("share", sample, "ill", by = "hukou", method = "korn-graubard")
  estimate("share", sample, "flooded", by = "area", method = "korn-graubard")
}
for (sample in c("girls", "flooded_girls", "flooded_houses", "flooded_lonely")) {
  estimate("mean", sample, "spend", by = "area")
  estimate("quantile", sample, "income", probs = 0.5)
}
estimate("mean", "census", "income", by = "area")
estimate("total", "census", "children")
estimate("ratio", "census", "food", "spend", by = "district")
estimate("share", "census", "phone", by = "hukou", method = "wald")
estimate("share", "census", "barrier", by = "area", method = "wald")

for (sample in c("streets", "two_stage", "houses", "three_stage", "lonely_fpc_adjust", "old_houses_adjust", "girls")) {
  covariance(sample, c("income", "visited", "children"), by = "hukou")
}
covariance("four_stage", c("phone", "debt"), by = "district")
write_reference("stages.json")

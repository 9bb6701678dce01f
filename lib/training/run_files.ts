/** Paths of a run's files, relative to the model's folder. */
export const RUN_FILES = {
  spec: "spec.yaml",
  weights: "weights.safetensors",
  calibration: "calibration.json",
  temperatures: "temperatures.json",
  lock: "training/.lock",
  setup: "training/run.json",
  recipe: "training/recipe.yaml",
  validation: "training/validation.csv",
  state: "training/state.safetensors",
  log: "training/log.csv",
  steps: "training/steps.csv",
  curves: "training/curves.svg",
  report: "training/report.html",
} as const;

#!/bin/bash
# Classifies a folder in shards, one per task of a Slurm array. A requeued task resumes its shard:
#
#   sbatch --array=0-15 deploy/slurm.sh PHOTOS RESULTS [OPTION…]
#   ./ranet merge RESULTS/*.jsonl --out results.jsonl      # once all are done
#
# RESULTS must be on a file system that the tasks share. RANET names the launcher, if it is not ./ranet where sbatch runs.
#SBATCH --job-name=ranet
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
#SBATCH --requeue
#SBATCH --open-mode=append
set -eu
photos=$1 results=$2
shift 2
mkdir -p "$results"
exec "${RANET:-./ranet}" classify "$photos" --device cpu --skip-bad --shard auto \
  --out "$results/$SLURM_ARRAY_TASK_ID.jsonl" "$@"

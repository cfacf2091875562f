#!/usr/bin/env bash
# From the weights to start from to models/touchpoint-minilm-v1: see README.md.
# START: folder of model.fp16.safetensors and tokenizer.json; NHS, DYNASENT: JSON Lines; WORK: for runs.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} work=${WORK:-.cache/training}
folder=models/touchpoint-minilm-v1
run() { "$python" "training/$1.py" --start "${START:?}" "${@:2}"; }

run train --output "$work/a" --seed 1 --nhs "${NHS:?}" --dynasent "${DYNASENT:?}"
run train --output "$work/b" --seed 2
for seed in 3 4; do
  run train --output "$work/$seed" --seed "$seed" --further "$work/a/model.pt" "$work/b/model.pt" --epochs 2 --rate 2e-4 \
    --frozen "$((seed == 3 ? 0 : 2))" --others 0.4 --nhs "$NHS" --dynasent "$DYNASENT"
done
"$python" training/export.py --model "$work/3/model.pt" "$work/4/model.pt" --output "$folder"
npm run --silent build
npx touchpoint train --output models --tolerance 1
npx touchpoint evaluate --split dev
npx touchpoint evaluate --split test
"$python" training/measure.py --folder "$folder"

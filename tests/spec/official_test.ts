import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { specFromOfficialFlags } from "../../lib/spec/official.ts";
import { changeSpec } from "../../lib/spec/change.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { asRanet } from "../fixtures.ts";

const CIFAR = "--arch RANet --step 2 --stepmode lg";
const IMAGENET = "--arch RANet --data ImageNet --step 8 --stepmode even --growthRate 16 --scale-list 1-2-3-4 " +
  "--grFactor 4-2-2-1 --bnFactor 4-2-2-1";

const PUBLISHED: readonly [name: string, flags: string][] = [
  ["ranet-cifar10", CIFAR],
  ["ranet-cifar100", `${CIFAR} --data cifar100`],
  ["ranet-imagenet-c32", `${IMAGENET} --nChannels 32`],
  ["ranet-imagenet-c64", `${IMAGENET} --nChannels 64`],
];

const architecture = (flags: string) => asRanet(parseSpec(specFromOfficialFlags(flags)));

for (const [name, flags] of PUBLISHED) {
  Deno.test(`specs/${name}.yaml is equal to the spec of the published flags`, () => {
    const file = Deno.readTextFileSync(new URL(`../../specs/${name}.yaml`, import.meta.url));
    assertMatch(file, /^# yaml-language-server: \$schema=\.\/ranet\.schema\.json\n/);
    assertEquals(parseSpec(file), parseSpec(specFromOfficialFlags(flags, { name })));
  });
}

Deno.test("specFromOfficialFlags() without flags uses the authors' defaults", () => {
  const spec = architecture("");
  assertEquals(spec.name, "ranet-cifar10");
  assertEquals(spec.baseFeatures, [4, 2, 1].map((divisor) => ({ divisor, channels: 16 * divisor })));
  assertEquals(spec.layers, [4, 4, 4, 4, 4, 4]);
  assertEquals(spec.subnetworks.map(({ blocks, growth, bottleneck }) => [blocks, growth, bottleneck]), [
    [2, 24, 4],
    [4, 12, 2],
    [6, 6, 1],
  ]);
  assertEquals(spec.subnetworks.map(({ transitions }) => transitions), [[], [2], [2, 4]]);
  assertEquals(spec.classes.length, 10);
});

Deno.test("specFromOfficialFlags() sets the key of each flag", () => {
  const spec = architecture(
    "--data cifar100 --nBlocks 3 --block-step 1 --nChannels 8 --growthRate 5 --grFactor 3-2-1 --bnFactor 5-4-2 " +
      "--step 2 --stepmode lg --compress-factor 0.4 --reduction .7",
  );
  assertEquals(spec.baseFeatures.map(({ channels }) => channels), [24, 16, 8]);
  assertEquals(spec.subnetworks.map(({ blocks, growth, bottleneck }) => [blocks, growth, bottleneck]), [
    [3, 15, 5],
    [4, 10, 4],
    [5, 5, 2],
  ]);
  assertEquals(spec.layers, [2, 4, 6, 8, 10]);
  assertEquals([spec.compress, spec.reduction], [0.4, 0.7]);
  assertEquals(spec.classes.length, 100);
  assertEquals(spec.input.mean, [0.5071, 0.4867, 0.4408]);
});

Deno.test("repeated scales share a resolution, also the coarsest", () => {
  const four = "--grFactor 4-2-2-1 --bnFactor 4-2-2-1";
  const middle = architecture(`${four} --scale-list 1-2-2-3`);
  assertEquals(middle.baseFeatures.map(({ divisor }) => divisor), [4, 2, 2, 1]);
  const coarsest = architecture(`${four} --scale-list 1-1-2-3`);
  assertEquals(coarsest.baseFeatures.map(({ divisor }) => divisor), [4, 4, 2, 1]);
  assertEquals(coarsest.subnetworks[1].fusion, ["up-conv", "up-conv"]);
  assertEquals(coarsest.subnetworks[1].transitions, []);
});

Deno.test("scale indices with gaps give the authors' fusion and transitions", () => {
  const spec = architecture("--scale-list 2-4-5");
  assertEquals(spec.baseFeatures.map(({ divisor }) => divisor), [4, 2, 1]);
  assertEquals(spec.subnetworks.map(({ transitions }) => transitions), [[1], [1, 2, 3], [1, 2, 3, 4]]);
  assertEquals(spec.subnetworks[2].fusion, ["up-conv", "down-conv", "up-conv", "down-conv"]);
});

Deno.test("specFromOfficialFlags() ignores flags that only affect training", () => {
  const plain = specFromOfficialFlags(CIFAR);
  const trained =
    "--gpu 0,1 --save 'my runs/a' --batch-size 64 -b 64 -j 8 -j8 --use-valid --epochs=300 --resume \\\n --seed 0 ";
  assertEquals(specFromOfficialFlags(trained + CIFAR), plain);
  assertEquals(specFromOfficialFlags("--arch=RANet --step=9 --step=2 --stepmode 'lg'"), plain);
});

Deno.test("specFromOfficialFlags() accepts a complete command", () => {
  const command = "CUDA_VISIBLE_DEVICES=0,1 python -m torch.distributed.launch --nproc_per_node 2 tools/main.py";
  assertEquals(specFromOfficialFlags(`${command} ${CIFAR} --resume last.py`), specFromOfficialFlags(CIFAR));
});

Deno.test("the flags of IMTA and of learned sample weights give the same MSDNets as the authors' script", () => {
  const network = "--nBlocks 5 --stepmode even --step 4 --base 4 --nChannels 32 --growthRate 16 --grFactor 1-2-4-4 " +
    "--bnFactor 1-2-4-4";
  const plain = specFromOfficialFlags(`--arch msdnet --data ImageNet ${network}`);
  // Gradient equilibrium affects only training.
  const imta =
    "--arch msdnet_ge --data ImageNet --use-valid -j 8 --gpu 0,1 --pretrained '' --priornet x --switch-mode 300 " +
    "--gamma 0.1 -T 1.0";
  assertEquals(specFromOfficialFlags(`${imta} ${network}`), plain);
  const learned =
    "--train_url a --data_url b --data ImageNet --workers 64 --seed 0 --arch msdnet --meta_net_hidden_size 500 " +
    "--meta_net_num_layers 1 --meta_interval 100 --meta_lr 1e-4 --meta_weight_decay 1e-4 --epsilon 0.3 --target_p_index 15 " +
    "--meta_net_input_type loss --constraint_dimension mat --epochs 100 --batch-size 4096 --lr 0.8 --lr-type cosine " +
    "--resume a/b.pth --use_valid --num_sample_valid 5000 --dist_backend nccl --multiprocessing_distributed --rank 0";
  assertEquals(specFromOfficialFlags(`${learned} ${network}`), plain);
});

Deno.test("a spec for other classes keeps the input and stem of its data set", () => {
  const spec = (classes: number | readonly string[]) => parseSpec(specFromOfficialFlags(CIFAR, { classes }));
  const plain = parseSpec(specFromOfficialFlags(CIFAR));
  for (const classes of [["cat", "no", "1: a, [b]"], ["0", "1"]]) {
    assertEquals(spec(classes), changeSpec(plain, { classes }));
  }
  assertEquals(spec(3), changeSpec(plain, { classes: ["0", "1", "2"] }));
});

Deno.test("the YAML from flags has a schema and comments", () => {
  const text = specFromOfficialFlags(CIFAR, { schema: "../my specs/ranet.schema.json" });
  assertEquals(text.split("\n").slice(0, 3), [
    "# yaml-language-server: $schema=../my%20specs/ranet.schema.json",
    "# The authors' flags: --step 2 --stepmode lg",
    "name: ranet-cifar10",
  ]);
});

const REFUSED: readonly [flags: string, part: string][] = [
  ["--scale-lst 1-2", '"--scale-lst" is not a flag of the authors\' code; did you mean --scale-list?'],
  ["--nblocks 3", "did you mean --nBlocks?"],
  ["main", '"main" is not a flag of the authors\' code'],
  ["--amp", "If it is your own flag and does not affect the network, leave it out"],
  ["--arch IMTA_MSDNet --data ImageNet --pretrained x -T 1.0", "the checkpoint from which it was trained (main_GE.py)"],
  ["--__proto__ 1", "not a flag of the authors' code"],
  ["--step", "--step has no value"],
  ["--step --nBlocks 2", "--step has no value"],
  ["--step two", '--step is "two", expected a whole number'],
  ["--step 2.5", "--step is"],
  ["--step -1", "--step is"],
  ["--nBlocks 99999", "--nBlocks is"],
  ["--stepmode log", '--stepmode is "log", expected even or lg'],
  ["--ensemble_reweight", "--ensemble_reweight has no value"],
  ["--ensemble_reweight half", '--ensemble_reweight is "half", expected one number for all exits'],
  ["--ensemble_reweight -0.5", '--ensemble_reweight is "-0.5", expected one number for all exits'],
  ["--ensemble_reweight nan", '--ensemble_reweight is "nan", expected one number for all exits'],
  ["--ensemble_reweight 1.0,0.5", '--ensemble_reweight is "1.0,0.5", expected one number for all exits'],
  ["--ensemble_reweight 7", "exits.reweight: expected a number from 0 to 2, found 7"],
  ["--data mnist", "expected cifar10 or cifar100 or ImageNet"],
  ["--arch MSDNet", '--arch is "MSDNet", expected RANet or msdnet'],
  ["--reduction half", '--reduction is "half", expected a number such as 0.5'],
  ["--scale-list 1-2", "--grFactor has 3 entries and --scale-list 2"],
  ["--scale-list 1-a-3", "--scale-list is"],
  ["--scale-list 3-2-1", "expected the coarsest first"],
  ["--block-step 0", "subnetworks[2].blocks: expected more than the 2"],
  ["--growthRate 0", "subnetworks[0].growth: expected a whole number"],
  ["--growthRate 3", "subnetworks[2].growth: expected at least 4"],
  ["--compress-factor 1.5", "compress: expected a number from 0 to 1"],
];

/** From the boosted networks' scripts, with all of their own flags. */
const BOOSTED = "--arch ranet --dataset cifar100 --nBlocks 2 --stepmode lin_grow --step 2 --nChannels 16 " +
  "--scale-list 1-2-3 --grFactor 4-2-1 --bnFactor 4-2-1 --ensemble_reweight 0.5 --result_dir r --tensorboard_dir=t " +
  "--checkpoint '' --save_suffix _a --flat_curve --val_workers 1 --lr_f 0.1 --lr_milestones '150,225' --loss_equal " +
  "--distributed --dist_backend nccl --local_rank 0 --weight-decay 1e-4 --base 4 --prune max";

Deno.test("flags of boosted networks are those of RANet and MSDNet under other names, plus one factor", () => {
  const parsed = (flags: string) => parseSpec(specFromOfficialFlags(flags));
  const plain = parsed("--data cifar100 --step 2 --stepmode lg");
  assertEquals(parsed(BOOSTED), changeSpec(plain, { reweight: 0.5 }));
  assertEquals(parsed(BOOSTED.replace(" 0.5 ", " 0.5,0.5,0.5 ")), changeSpec(plain, { reweight: 0.5 }));
  assertEquals(parsed(BOOSTED.replace("--ensemble_reweight 0.5", "")), changeSpec(plain, { reweight: 1 }));
  assertEquals(parsed(`${CIFAR} --ensemble_reweight=0.25`).reweight, 0.25);
  assertEquals(parsed("--step 2 --stepmode lin_grow"), parsed(CIFAR));
  assertEquals(parsed("--dataset=imagenet --stepmode even").name, "ranet-imagenet");
  const msdnet = "--dataset cifar100 --nBlocks 5 --stepmode lin_grow --nChannels 16 --ensemble_reweight 0.5";
  assertEquals(parsed(`--arch msdnet_ge ${msdnet}`), parsed(`--arch msdnet ${msdnet}`));
  assertEquals(
    parsed(`--arch msdnet ${msdnet}`),
    changeSpec(parsed("--arch msdnet --data cifar100 --nBlocks 5 --nChannels 16"), { reweight: 0.5 }),
  );
});

for (const [flags, part] of REFUSED) {
  Deno.test(`specFromOfficialFlags() refuses ${flags}`, () => {
    assertStringIncludes(assertThrows(() => specFromOfficialFlags(flags), RanetError).message, part);
  });
}

Deno.test("specFromOfficialFlags() refuses an invalid name", () => {
  for (const name of ["", "a b", "x\nclasses: 3", "../x", "null", "7"]) {
    if (name === "7") assertEquals(parseSpec(specFromOfficialFlags("", { name })).name, "7");
    else assertThrows(() => specFromOfficialFlags("", { name }), RanetError, "name: expected");
  }
});

Deno.test("any flags give a spec that parses to the same architecture, or a RanetError", () => {
  const factors = (length: number) =>
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: length, maxLength: length });
  const networks = fc.nat(3).chain((extra) =>
    fc.record({
      scales: fc.array(fc.nat(1), { minLength: extra + 1, maxLength: extra + 1 }),
      growthFactors: factors(extra + 1),
      bottlenecks: factors(extra + 1),
      blocks: fc.integer({ min: 1, max: 6 }),
      blockStep: fc.nat(3),
      channels: fc.integer({ min: 1, max: 40 }),
      growth: fc.nat(20),
      step: fc.integer({ min: 1, max: 8 }),
      mode: fc.constantFrom("even", "lg"),
      data: fc.constantFrom("cifar10", "cifar100", "ImageNet"),
      compress: fc.constantFrom(0.1, 0.25, 0.5, 1),
      reduction: fc.constantFrom(0.1, 0.5, 1),
    })
  );
  fc.assert(fc.property(networks, (n) => {
    let index = 0;
    const scaleList = n.scales.map((step) => index += step);
    const flags = `--data ${n.data} --scale-list ${scaleList.join("-")} --grFactor ${n.growthFactors.join("-")} ` +
      `--bnFactor ${n.bottlenecks.join("-")} --nBlocks ${n.blocks} --block-step ${n.blockStep} ` +
      `--nChannels ${n.channels} --growthRate ${n.growth} --step ${n.step} --stepmode ${n.mode} ` +
      `--compress-factor ${n.compress} --reduction ${n.reduction}`;
    let spec;
    try {
      spec = architecture(flags);
    } catch (error) {
      assert(error instanceof RanetError, String(error));
      return;
    }
    assertEquals(spec.subnetworks.map(({ growth }) => growth), n.growthFactors.map((factor) => factor * n.growth));
    assertEquals(spec.subnetworks.map(({ blocks }) => blocks), scaleList.map((_, s) => n.blocks + s * n.blockStep));
    assertEquals(spec.layers, spec.layers.map((_, j) => n.mode === "even" ? n.step : n.step * (j + 1)));
  }));
});

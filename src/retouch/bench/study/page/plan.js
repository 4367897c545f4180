// Which screens one person sees, in which order. All of it follows from the person's seed, so that a page that was
// closed goes on as it was.
"use strict";

// Numbers in [0, 1) from a 32-bit seed: a counter, scrambled (Weyl sequence through the finaliser of MurmurHash3).
function randomNumbers(seed) {
  let counter = seed >>> 0;
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let bits = counter;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 4294967296;
  };
}

// A copy in random order, every order equally likely (Fisher and Yates).
function shuffled(list, random) {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other], copy[last]];
  }
  return copy;
}

// The same options in another order: no answer can be repeated by its place alone.
function reordered(order, random) {
  let other;
  do other = shuffled(order, random); while (other.every((code, k) => code === order[k]));
  return other;
}

// One block per question: all images in random order, then the first of them again.
function plan(study, seed) {
  const random = randomNumbers(seed);
  return shuffled(study.questions, random).flatMap((question) => {
    const screens = shuffled(study.trials, random).map((trial) => ({
      question, trial, repeat: false, order: shuffled(trial.options, random),
    }));
    const again = screens.slice(0, study.repeats).map((screen) => ({
      ...screen, repeat: true, order: reordered(screen.order, random),
    }));
    return [...screens, ...shuffled(again, random)];
  });
}

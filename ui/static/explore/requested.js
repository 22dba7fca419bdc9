// What the atlas' model is asked for on request: looked for again and again until it is there.
(kn => {
  const LOOK_MS = 250;

  // The answer of a question that may wait; null once it isn't `wanted` any more. `tell` hears how
  // far it is, in words.
  kn.requested = async (name, args, wanted, tell) => {
    for (;;) {
      const answer = await kn.ask(name, args);
      if (!wanted()) return null;
      if (!answer.waits) return answer;
      tell(far(answer.waits));
      await new Promise(done => { setTimeout(done, LOOK_MS); });
      if (!wanted()) return null;
    }
  };

  const far = ({ before, words, done, of }) => {
    if (before) return `waiting for ${before} before it`;
    if (!words) return "starting …";
    if (words.startsWith("loading")) return "loading the model …";
    return of ? `${words} ${done} of ${of}` : `${words} …`;
  };

  // A prompt whose lens the atlas doesn't hold yet gets it: `kn.prompt.lensWords` says how far that
  // is, `kn.prompt.lensTrouble` why it can't be had.
  kn.on("prompt", async () => {
    const shown = kn.prompt;
    if (!shown.waits) return;
    const { model, prompt } = kn.state;
    const wanted = () => kn.prompt === shown;
    const told = change => { Object.assign(shown, change); kn.tell("lens"); };
    told({ lensWords: "starting …" });
    try {
      const here = await kn.requested("lens", { model, prompt }, wanted, lensWords => told({ lensWords }));
      const data = here && await kn.remembered("prompt", { model, prompt });
      if (data && wanted()) told({ lens: kn.decodePrompt(data).lens, waits: null, lensWords: null });
    } catch (error) {
      if (wanted()) told({ lensWords: null, lensTrouble: error.message });
    }
  });
})((window.kn ??= {}));

(kn => { kn.tab("knowledge", () => {}, ["sentence", "answer"]); })((window.kn ??= {}));

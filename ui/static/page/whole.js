// @ts-check
// What lies over the tabs and has an address of its own: a neuron's page. Its script comes when it is
// first opened.

import { on, store } from "./store.js";

/** Open what the address says, now and later. */
export const followPages = () => {
  let isComing = false;
  const open = async () => {
    if (store.state.whole !== "neuron" || isComing) return;
    isComing = true;
    store.unanswered++;
    try {
      const address = new URL("../neuron_page/neuron_page.js", import.meta.url);
      const script = await import(address.href);
      script.mount();
    } finally {
      store.unanswered--;
    }
  };
  on("whole", open);
};

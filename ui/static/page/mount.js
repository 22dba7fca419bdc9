// Widgets announce themselves to `knWidgets` as Gradio puts them on the page, before or after this
// script has run; each is filled once.
(kn => {
  kn.section = (element, name) => element.querySelector(`[data-kn=${name}]`);
  const bar = ({ element, server }) => kn.mountBar(kn.section(element, "bar"), server);
  const mount = widget => ({ bar, ...kn.tabs })[widget.name](widget);
  const waiting = window.knWidgets ?? [];
  window.knWidgets = { push: mount };
  waiting.forEach(mount);
})((window.kn ??= {}));

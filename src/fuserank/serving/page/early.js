// Before the first paint: language and theme as kept, so that nothing flashes. A classic script, because modules wait.
{
  const kept = (name) => {
    try {
      return JSON.parse(localStorage.getItem(`fuserank.${name}`));
    } catch {
      return null; // storage is off, or holds what another program wrote
    }
  };
  const root = document.documentElement;
  const language = kept("language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
  root.lang = language === "zh" ? "zh-CN" : "en";
  if (["light", "dark"].includes(kept("theme"))) root.dataset.theme = kept("theme");
}

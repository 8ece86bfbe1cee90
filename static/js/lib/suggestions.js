// Suggestions for a list separated by commas: a datalist matches the whole text, so what was typed before stands first.

// The finished part of a list and the word being typed: "tcp/23, ud" → ["tcp/23, ", "ud"].
export function splitList(text) {
  const at = text.lastIndexOf(",");
  return at < 0 ? ["", text.trim()] : [`${text.slice(0, at).trim()}, `, text.slice(at + 1).trim()];
}

export function suggest(input, list) {
  const known = [...list.options].map((option) => [option.value, option.textContent]);
  let shown = "";
  input.addEventListener("input", () => {
    const [before] = splitList(input.value);
    if (before === shown) return;
    shown = before;
    list.replaceChildren(
      ...known.map(([value, label]) => {
        const option = document.createElement("option");
        option.value = before + value;
        option.textContent = label;
        return option;
      }),
    );
  });
}

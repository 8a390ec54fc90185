import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

/** What a camera reads, dark on light in both themes. The drawer is fetched with it; the text stands beside it. */
export const Qr = ({ text, label }: { readonly text: string; readonly label: string }) => {
  const [drawn] = useState(() => signal<{ readonly size: number; readonly path: string } | null>(null));
  useEffect(() => {
    import("uqr").then(
      ({ encode }) => {
        const { data, size } = encode(text, { border: 4 });
        const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
        drawn.value = { size, path: squares.join("") };
      },
      () => {}, // the line: what is typed does as well
    );
  }, [text, drawn]);
  if (drawn.value === null) return null;
  const { size, path } = drawn.value;
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`}>
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
};

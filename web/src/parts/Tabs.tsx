interface TabsProps<Page extends string> {
  readonly label: string;
  readonly pages: readonly Page[];
  readonly at: string;
  readonly nameOf: (page: Page) => string;
  readonly onGo: (page: Page) => void;
}

/** The lists of a place, one touch from each other. */
export const Tabs = <Page extends string>({ label, pages, at, nameOf, onGo }: TabsProps<Page>) => (
  <nav class="tabs" aria-label={label}>
    {pages.map((page) => (
      <button
        key={page}
        type="button"
        class="tab"
        aria-current={page === at ? "page" : undefined}
        onClick={() => onGo(page)}
      >
        {nameOf(page)}
      </button>
    ))}
  </nav>
);

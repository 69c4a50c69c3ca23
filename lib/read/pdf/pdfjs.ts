/** What is used of pdf.js: its documents as pdf-parse opens them. */

export type PdfTextItem = {
  readonly str: string;
  /** Text space to user space. */
  readonly transform: readonly number[];
  readonly width: number;
  readonly fontName: string;
};

export type PdfViewport = {
  readonly width: number;
  readonly height: number;
  /** User space to a page whose origin is the upper left corner, as it is shown. */
  readonly transform: readonly number[];
};

/** Decoded objects of a page, by the names that its operators use. */
type PdfObjects = { get(name: string, ready: (object: unknown) => void): unknown };

export type PdfOperators = { readonly fnArray: readonly number[]; readonly argsArray: readonly unknown[] };

export type PdfPage = {
  readonly rotate: number;
  readonly objs: PdfObjects;
  readonly commonObjs: PdfObjects;
  getViewport(options: { readonly scale: number }): PdfViewport;
  getTextContent(): Promise<{ readonly items: readonly (PdfTextItem | { readonly type: string })[] }>;
  getOperatorList(): Promise<PdfOperators>;
  cleanup(): boolean;
};

export type PdfOutlineItem = { readonly title: string; readonly items: readonly PdfOutlineItem[] };

export type PdfDocument = {
  readonly numPages: number;
  getPage(page: number): Promise<PdfPage>;
  cleanup(): Promise<void>;
};

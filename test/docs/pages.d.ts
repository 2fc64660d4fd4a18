/** A page as text: vite's way, which works inside workerd as well. */
declare module "*.md?raw" {
  const text: string;
  export default text;
}

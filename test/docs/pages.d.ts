/** Pages and documents as text: vite's way, which works inside workerd as well. */
declare module "*.md?raw" {
  const text: string;
  export default text;
}

declare module "*.yaml?raw" {
  const text: string;
  export default text;
}

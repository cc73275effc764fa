export default function Page() {
  return <h1>Tiny shop</h1>;
}

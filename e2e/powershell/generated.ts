/**
 * Scripts from a grammar: statements that work and that fail, in every block they may stand in, with every way to end. What can't
 * be equal is left out: text that is not ASCII, `break` outside of a loop, and what differs from one run to the next, as the place
 * of a table among other output does: PowerShell waits up to 300 ms for its further rows.
 */
import { type Random, randomOf } from './seed.ts';

export const GENERATED_KIND = 'generated';

/** As many scripts; the same ones for the same seed. */
export function generated(seed: number, count: number): string[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, () => new Writer(random).script());
}

type Production = () => string;

class Writer {
  readonly #random: Random;
  #loops = 0;
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  script(): string {
    const whole = this.#chance(12)
      ? this.#oneOf([
          () => `begin { ${this.#body(1)} }\nprocess { ${this.#body(1)} }\nend { ${this.#body(2)} }`,
          () => `end { ${this.#body(3)} }`,
          () => `process { ${this.#body(2)} }`,
        ])
      : this.#body(4, '\n');
    return `${this.#head()}${whole}`;
  }

  #head(): string {
    const heads = [
      ...Array<string>(12).fill(''),
      '# made\n',
      'using namespace System.IO\n',
      '#Requires -Version 5\n',
      "param($p = 'p', [int]$q = 3)\n",
      '[CmdletBinding()]param([string]$p)\n',
      'param([Parameter(Mandatory)]$p)\n',
      "$ErrorActionPreference = 'Stop'\n",
      "$ErrorActionPreference = 'SilentlyContinue'\n",
      'Set-StrictMode -Version Latest\n',
      '$PSNativeCommandUseErrorActionPreference = $true\n',
      "trap { 'trapped'; continue }\n",
      "trap { 'trapped'; break }\n",
      "trap { 'trapped' }\n",
    ];
    return heads[this.#random(heads.length)] ?? '';
  }

  #body(depth: number, between = '; '): string {
    return Array.from({ length: 1 + this.#random(4) }, () => this.#statement(depth)).join(between);
  }

  #statement(depth: number): string {
    const roll = this.#random(100);
    if (roll < 34) return this.#value();
    if (roll < 58) return this.#failure();
    if (roll < 64) return this.#oneOf([() => '$?', () => '$LASTEXITCODE', () => '$Error.Count']);
    if (roll < 71) return this.#end();
    return depth > 0 ? this.#compound(depth - 1) : this.#value();
  }

  #value(): string {
    const n = this.#random(10);
    return this.#oneOf([
      () => `${n}`,
      () => `'v${n}'`,
      () => `"v$(${n} + 1)"`,
      () => `, @(${n}, 2)`,
      () => '$null',
      () => `[pscustomobject]@{ a = ${n}; b = 'x' } | Format-List`,
      () => `([ordered]@{ k = ${n} }).Keys`,
      () => `$v = ${n}`,
      () => '$v',
      () => `Write-Output 'o${n}'`,
      () => `Write-Host 'h${n}'`,
      () => `Write-Warning 'w${n}'`,
      () => `Write-Verbose 'b${n}' -Verbose`,
      () => `Write-Information 'i${n}' -InformationAction Continue`,
      () => `Write-Progress 'p${n}'`,
      () => `1..3 | ForEach-Object { $_ * ${n} }`,
      () => `(1..3 | Where-Object { $_ -gt ${n % 4} }).Count`,
      () => `[Console]::WriteLine('c${n}')`,
      () => `'l${n}' | Out-Host`,
      () => `$x${n} = 'assigned'; $x${n}`,
    ]);
  }

  #failure(): string {
    return this.#oneOf([
      () => 'Get-Item /nope',
      () => 'Get-Item /nope -ErrorAction SilentlyContinue',
      () => 'Get-Item /nope 2>$null',
      () => 'Get-Item /nope -ErrorAction Stop',
      () => 'Get-Item /, /nope | ForEach-Object { 1 }',
      () => '$f = Get-Item /nope',
      () => '(Get-Item /nope)',
      () => 'nosuchcommand',
      () => '1 / $zero',
      () => "[int]'x'",
      () => '$null.Method()',
      () => "Write-Error 'e'",
      () => "[IO.File]::ReadAllText('/nope/nope')",
      () => "throw 't'",
      () => `& '${process.execPath}' -e 'process.exit(${this.#random(4)})'`,
      () => "Invoke-Expression 'Get-Item /nope'",
      () => "& { Get-Item /nope; 'in the block' }",
    ]);
  }

  #end(): string {
    const code = this.#random(6);
    const ends: Production[] = [
      () => 'return',
      () => "return 'r'",
      () => `exit ${code}`,
      () => 'return (Get-Item /nope)',
    ];
    if (this.#loops > 0)
      ends.push(
        () => 'break',
        () => 'continue',
        () => 'break',
        () => 'continue',
      );
    return this.#oneOf(ends);
  }

  #compound(depth: number): string {
    const body = () => this.#body(depth);
    return this.#oneOf([
      () => `if (${this.#condition()}) { ${body()} } else { ${body()} }`,
      () => `foreach ($i in 1..3) { ${this.#inLoop(body)} }`,
      () => `for ($j = 0; $j -lt 2; $j++) { ${this.#inLoop(body)} }`,
      () => `switch (${this.#random(3)}) { 1 { ${this.#inLoop(body)} } default { ${this.#inLoop(body)} } }`,
      () => `try { ${body()} } catch { ${body()} }`,
      () => `try { ${body()} } finally { ${this.#value()} }`,
      () =>
        `try { ${body()} } catch [DivideByZeroException] { ${body()} } catch { ${this.#value()} } finally { ${this.#value()} }`,
      () => this.#function(body),
      () => `& { ${this.#outsideOfLoops(body)} }`,
      () => `. { ${this.#outsideOfLoops(body)} }`,
      () => `1..2 | ForEach-Object { ${this.#outsideOfLoops(body)} }`,
      () => `$s = $(${this.#value()}; ${this.#failure()}); "[$s]"`,
      () => `@(${this.#value()}; ${this.#value()})`,
      () => `& { ${this.#value()}; ${this.#failure()} } 2>&1 | ForEach-Object { "<$_>" }`,
      () => `& { trap { 'inner trap'; continue }; ${this.#failure()}; ${this.#value()} }`,
    ]);
  }

  #function(body: Production): string {
    const name = `f${this.#names++}`;
    const attribute = this.#chance(3) ? '[CmdletBinding()]param() ' : '';
    return `function ${name} { ${attribute}${this.#outsideOfLoops(body)} }; ${name}`;
  }

  #condition(): string {
    return this.#oneOf([() => '$true', () => '$false', () => '$?', () => '(Get-Item /nope)', () => '1 -gt 2']);
  }

  #inLoop(make: Production): string {
    this.#loops++;
    const made = make();
    this.#loops--;
    return made;
  }

  /** A `break` there would reach the loop around, or none at all. */
  #outsideOfLoops(make: Production): string {
    const loops = this.#loops;
    this.#loops = 0;
    const made = make();
    this.#loops = loops;
    return made;
  }

  #chance(oneIn: number): boolean {
    return this.#random(oneIn) === 0;
  }

  #oneOf(productions: readonly Production[]): string {
    return productions[this.#random(productions.length)]?.() ?? '';
  }
}

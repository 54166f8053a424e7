# What a PowerShell script uses: commands with their parameters, and syntax that Windows PowerShell 5.1 does not have. As JSON.
param([string[]] $Files, [string] $Results)

$newer = 'TernaryExpressionAst', 'PipelineChainAst'
$tokens = 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'AndAnd', 'OrOr'
$said = foreach ($file in $Files -split ',') {
  $lexed = $null
  $errors = $null
  $tree = [System.Management.Automation.Language.Parser]::ParseFile($file, [ref] $lexed, [ref] $errors)
  $commands = $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)
  @{
    file = $file
    errors = @($errors | ForEach-Object { $_.Message })
    newer = @(@($tree.FindAll({ $args[0].GetType().Name -in $newer }, $true) | ForEach-Object { $_.Extent.Text }) +
      @($lexed | Where-Object { "$($_.Kind)" -in $tokens } | ForEach-Object { $_.Text }))
    functions = @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.FunctionDefinitionAst] }, $true) | ForEach-Object { $_.Name })
    commands = @($commands | Where-Object { $null -ne $_.GetCommandName() } | ForEach-Object {
        @{
          name = $_.GetCommandName()
          parameters = @($_.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] } | ForEach-Object { $_.ParameterName })
        }
      })
    # Parameters of functions, and what is assigned in them: none may hide a variable that all share.
    names = @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.FunctionDefinitionAst] }, $true) | ForEach-Object {
        $function = $_
        $own = @($function.FindAll({ $args[0] -is [System.Management.Automation.Language.ParameterAst] }, $true) | ForEach-Object { $_.Name.VariablePath.UserPath })
        $own += @($function.FindAll({ $args[0] -is [System.Management.Automation.Language.AssignmentStatementAst] }, $true) |
            Where-Object { $_.Left -is [System.Management.Automation.Language.VariableExpressionAst] } | ForEach-Object { $_.Left.VariablePath.UserPath })
        $own += @($function.FindAll({ $args[0] -is [System.Management.Automation.Language.ForEachStatementAst] }, $true) | ForEach-Object { $_.Variable.VariablePath.UserPath })
        @{ function = $function.Name; names = @($own) }
      })
    shared = @($tree.EndBlock.Statements | Where-Object { $_ -is [System.Management.Automation.Language.AssignmentStatementAst] } | ForEach-Object { $_.Left.VariablePath.UserPath })
  }
}
[System.IO.File]::WriteAllText($Results, (ConvertTo-Json -InputObject @($said) -Depth 6))

namespace Mantle.Measure.Checking;

/// <summary>One check.</summary>
/// <param name="Id">Its name, stable for programs, for example <c>pcr-4</c>.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Evidence">What was seen: one line, with the values that it rests on.</param>
/// <param name="IsNeeded">Whether there is no verdict without it.</param>
public sealed record CheckResult(string Id, CheckOutcome Outcome, string Evidence, bool IsNeeded);

namespace Mantle.ImageBuilder;

/// <summary>What one step of a build took.</summary>
/// <param name="Name">Its name in the plan, or <c>inputs</c> before and <c>commit</c> behind the plan.</param>
/// <param name="Elapsed">Time on the wall.</param>
/// <param name="Processor">
/// Time of the processors, user and system, over all threads: more than <paramref name="Elapsed"/> where several cores worked, less where the step waited.
/// </param>
public sealed record StepTiming(string Name, TimeSpan Elapsed, TimeSpan Processor);

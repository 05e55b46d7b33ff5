using Mantle.ImageBuilder.Packages;

namespace Mantle.ImageBuilder;

/// <summary>Who wants to know how a build gets on.</summary>
public interface IBuildProgress
{
    /// <summary>Downloads, as they go.</summary>
    IProgress<FetchProgress>? Fetching { get; }

    /// <summary>A step is done.</summary>
    /// <param name="name">Its name in the plan.</param>
    /// <param name="fact">A fact that somebody can compare.</param>
    /// <param name="elapsed">How long it took.</param>
    void Done(string name, string fact, TimeSpan elapsed);
}

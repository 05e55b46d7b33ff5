
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Comparison;

/// <summary>The way to a difference, from the outside in.</summary>
internal static class Place
{
    /// <summary>Goes one step further in. The step is a text of ours.</summary>
    public static string Join(string place, string step) => place.Length == 0 ? step : $"{place} / {step}";

    /// <summary>Goes to a file, whose name is anybody's text.</summary>
    public static string File(string place, string path) => Join(place, PrintedText.Escape(path));
}

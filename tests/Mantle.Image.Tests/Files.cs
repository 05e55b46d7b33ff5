namespace Mantle.Image.Tests;

/// <summary>Walking folders of unpacked files.</summary>
internal static class Files
{
    // Links are left out: .NET would follow those to directories.
    private static readonly EnumerationOptions s_regular = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>All files below a folder that are no links, hidden ones too, as paths that start with a slash.</summary>
    public static string[] Below(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", s_regular).Select(path => path[folder.Length..]).Order(StringComparer.Ordinal)];
}

namespace Mantle.Testing;

/// <summary>Where the checkout is, found from the folder of the test assembly.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>A path below the checkout.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A file of the shared vectors, which live beside the checkout; skips the test where they are absent.</summary>
    public static string SharedVector(string relativePath)
    {
        string path = Path.Combine(Root, "..", "shared", "reference", "vectors", relativePath);
        if (!File.Exists(path))
        {
            Xunit.Assert.Skip($"SHARED VECTORS ABSENT: {relativePath}");
        }

        return path;
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "global.json")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("global.json not found above the test assembly");
    }
}

using System.Text.Json;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Locking;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>What the lock commands print on standard output.</summary>
internal static class LockOutput
{
    /// <summary>Writes the members <c>added</c>, <c>removed</c> and <c>changed</c>.</summary>
    public static void WriteDifference(Utf8JsonWriter json, LockDifference difference)
    {
        WritePackages(json, "added", difference.Added);
        WritePackages(json, "removed", difference.Removed);
        json.WriteStartArray("changed");
        foreach ((LockedPackage from, LockedPackage to) in difference.Changed)
        {
            json.WriteStartObject();
            json.WriteString("name", to.Name);
            json.WriteString("from", from.Version);
            json.WriteString("to", to.Version);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Prints a line for each package that differs.</summary>
    public static void PrintDifference(TextWriter output, LockDifference difference)
    {
        foreach (LockedPackage package in difference.Added)
        {
            output.WriteLine($"+ {package.Name} {package.Version}");
        }

        foreach (LockedPackage package in difference.Removed)
        {
            output.WriteLine($"- {package.Name} {package.Version}");
        }

        foreach ((LockedPackage from, LockedPackage to) in difference.Changed)
        {
            output.WriteLine(from.Version == to.Version ? $"! {to.Name} {to.Version}: same version, other file" : $"~ {to.Name} {from.Version} -> {to.Version}");
        }
    }

    private static void WritePackages(Utf8JsonWriter json, string name, IReadOnlyList<LockedPackage> packages)
    {
        json.WriteStartArray(name);
        foreach (LockedPackage package in packages)
        {
            json.WriteStartObject();
            json.WriteString("name", package.Name);
            json.WriteString("version", package.Version);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

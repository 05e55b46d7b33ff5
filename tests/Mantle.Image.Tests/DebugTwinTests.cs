using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure;
using Mantle.Measure.Comparison;
using Mantle.Measure.Twin;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>
/// The debug twin in <c>out-debug/</c> beside the sealed image in <c>out/</c>. What differs is found by sfdisk, fsck.erofs, objdump, diff and cmp, and held
/// against what debug-difference.json says.
/// </summary>
public sealed class DebugTwinTests(FinishedImage image, FinishedTwin twin) : IClassFixture<FinishedTwin>
{
    [Fact]
    public void Foreign_tools_find_exactly_the_files_that_the_difference_names()
    {
        string[] reported = [.. twin.Changes("root").Select(change => $"{change.Change} {change.Name}").Order(StringComparer.Ordinal)];
        Assert.Equal(FilesThatDiffer(image.RootFolder, twin.RootFolder).Order(StringComparer.Ordinal), reported);
        Assert.Contains("added /usr/bin/busybox", reported);
        Assert.Contains("changed /usr/sbin/init", reported);
        Assert.DoesNotContain(reported, line => line.StartsWith("removed", StringComparison.Ordinal));
    }

    [Fact]
    public void The_sealed_process_1_is_in_the_twin_bit_for_bit() =>
        Oracle.Succeed("cmp", image.RootFolder + "/usr/sbin/init", twin.RootFolder + "/usr/lib/mantle/sealed-init");

    [Fact]
    public void Stub_kernel_and_initrd_are_the_sealed_ones_bit_for_bit()
    {
        ForeignSection[] sections = [.. Objdump.Sections(FinishedImage.Uki)];
        Assert.Equal(sections.Select(section => section.Name), Objdump.Sections(FinishedTwin.Uki).Select(section => section.Name));
        Assert.Equal(
            [".osrel", ".cmdline"],
            sections.Select(section => section.Name).Where(name => Oracle.Run("cmp", [image.Sections[name], twin.Sections[name]]).ExitCode != 0));
    }

    [Fact]
    public void The_command_lines_differ_in_the_words_that_the_difference_names()
    {
        string[] ofSealed = File.ReadAllText(image.Sections[".cmdline"]).Split(' ');
        string[] ofTwin = File.ReadAllText(twin.Sections[".cmdline"]).Split(' ');
        (string Change, string Name, string? Sealed, string? Twin)[] changes = [.. twin.Changes("command-line")];

        Assert.Equal(ofSealed.Except(ofTwin).Order(StringComparer.Ordinal), changes.Select(change => change.Sealed).OfType<string>().Order(StringComparer.Ordinal));
        Assert.Equal(ofTwin.Except(ofSealed).Order(StringComparer.Ordinal), changes.Select(change => change.Twin).OfType<string>().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_twin_is_marked_in_its_root_its_uki_its_manifest_and_its_measurements()
    {
        foreach (string path in (string[])[twin.Sections[".osrel"], twin.RootFolder + "/usr/lib/os-release"])
        {
            // As a shell reads it, which is how os-release(5) defines its syntax.
            Assert.Equal("debug debug sample-debug", Oracle.Succeed("sh", "-c", ". \"$1\"; printf '%s %s %s' \"$VARIANT\" \"$VARIANT_ID\" \"$IMAGE_ID\"", "sh", path));
        }

        Assert.True(twin.Manifest.GetProperty("debug").GetBoolean());
        Assert.True(twin.Measurements.GetProperty("debug").GetBoolean());
        Assert.False(image.Manifest.GetProperty("debug").GetBoolean());
        Assert.False(image.Measurements.TryGetProperty("debug", out _));
    }

    [Fact]
    public void The_twin_is_refused_by_its_bytes_and_the_sealed_image_is_not()
    {
        ByteSource manifest = ByteSource.OpenFile(BuildOutput.Require("out", "manifest.json"));
        foreach (string path in (string[])[FinishedTwin.Disk, FinishedTwin.Uki])
        {
            // With the sealed image's manifest: the bytes decide.
            Assert.Throws<UserErrorException>(() => DebugTwin.Refuse(ByteSource.OpenFile(path), "x", manifest));
        }

        DebugTwin.Refuse(ByteSource.OpenFile(FinishedImage.Disk), "x", manifest);
        DebugTwin.Refuse(ByteSource.OpenFile(FinishedImage.Uki), "x", manifest);
        Assert.Throws<UserErrorException>(() => DebugTwin.Refuse(
            ByteSource.OpenFile(FinishedImage.Disk), "x", ByteSource.OpenFile(BuildOutput.Require("out-debug", "manifest.json"))));
    }

    [Fact]
    public void The_deny_list_has_the_twins_values_and_none_of_the_sealed_image()
    {
        DenyList list = DenyList.Read(ByteSource.OpenFile(BuildOutput.Require("out-debug", "debug-measurements.json")));
        Assert.Equal(twin.Manifest.GetProperty("rootHash").GetString(), Assert.Single(list.Twins).RootHash);
        foreach (JsonElement pcr in twin.Measurements.GetProperty("pcrs").EnumerateArray())
        {
            int index = pcr.GetProperty("index").GetInt32();
            string[] denied = [.. list.Twins[0].Values.Where(value => value.Pcr == index).Select(value => value.Value.ToString())];
            string[] ofTwin = [.. pcr.GetProperty("values").EnumerateObject().Select(value => value.Value.GetString()!)];
            Assert.Equal(index is 4 or 9 or 11 ? ofTwin : [], denied);
            Assert.Empty(denied.Intersect(image.Pcr(index).GetProperty("values").EnumerateObject().Select(value => value.Value.GetString()!)));
        }
    }

    [Fact]
    public void The_walk_of_imagebuilder_diff_over_every_byte_ends_at_the_same_places()
    {
        ImageComparison comparison = ImageComparer.Compare(ByteSource.OpenFile(FinishedImage.Disk), ByteSource.OpenFile(FinishedTwin.Disk));
        string[] files = [.. twin.Changes("root").Select(change => change.Name)];

        Assert.Empty(comparison.Notes);
        Assert.All(comparison.Differences.Where(difference => difference.Cause != LikelyCause.Consequence), difference => Assert.True(
            difference.Place.Contains("section .osrel", StringComparison.Ordinal) || difference.Place.Contains("section .cmdline", StringComparison.Ordinal)
            || files.Any(file => difference.Place.EndsWith(file, StringComparison.Ordinal)),
            $"{difference.Place}: {difference.Field}"));
        Assert.All(comparison.Pcrs, pcr => Assert.Equal(pcr.Index is 4 or 5 or 9 or 11, pcr.A != pcr.B));
    }

    [Fact]
    public void Only_the_twins_sbom_and_manifest_have_the_twins_package()
    {
        Assert.Contains("busybox-static", File.ReadAllText(BuildOutput.Require("out-debug", "sbom.spdx.json")), StringComparison.Ordinal);
        Assert.DoesNotContain("busybox", File.ReadAllText(BuildOutput.Require("out", "sbom.spdx.json")), StringComparison.Ordinal);
        Assert.DoesNotContain("busybox", File.ReadAllText(BuildOutput.Require("out", "manifest.json")), StringComparison.Ordinal);
    }

    /// <summary>Every file and folder whose line of type, mode, owner, time, target and digest is not the same, as find and sha256sum tell them.</summary>
    private static IEnumerable<string> FilesThatDiffer(string a, string b)
    {
        Dictionary<string, string> ofA = Listing(a);
        Dictionary<string, string> ofB = Listing(b);
        foreach (string path in ofA.Keys.Union(ofB.Keys))
        {
            (string? lineA, string? lineB) = (ofA.GetValueOrDefault(path), ofB.GetValueOrDefault(path));
            if (lineA != lineB)
            {
                yield return $"{(lineA is null ? "added" : lineB is null ? "removed" : "changed")} {path}";
            }
        }
    }

    private static Dictionary<string, string> Listing(string folder)
    {
        string list = Oracle.Succeed(
            "sh", "-c", "cd \"$1\" && find . -mindepth 1 -printf '%p\\t%y %m %Ts %l\\n' && find . -type f -exec sha256sum '{}' + | sed 's/^\\([0-9a-f]*\\)  \\(.*\\)/\\2\\t\\1/'", "sh", folder);
        return list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).GroupBy(line => line[0][1..], line => line[1])
            .ToDictionary(lines => lines.Key, lines => string.Join(' ', lines));
    }
}

using Mantle.ImageBuilder.Packages;

namespace Mantle.ImageBuilder.Tests.Packages.Cache;

public class PackageFactsTests
{
    [Fact]
    public void Facts_are_there_for_the_next_run_and_under_no_other_name_or_package()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        Assert.Null(packages.Cache.ReadFacts(packages.Package, "things-1"));

        packages.Cache.WriteFacts(packages.Package, "things-1", "seven"u8);

        Assert.Equal("seven"u8.ToArray(), packages.Reopen().ReadFacts(packages.Package, "things-1"));
        File.Copy(packages.Unpacked("facts-things-1"), packages.Unpacked("facts-things-2"));
        Assert.Null(packages.Cache.ReadFacts(packages.Package, "things-2"));
        LockedPackage other = packages.Package with { Sha256 = new string('a', 64) };
        string path = packages.Unpacked("facts-things-1").Replace(packages.Package.Sha256, other.Sha256, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Copy(packages.Unpacked("facts-things-1"), path);
        Assert.Null(packages.Cache.ReadFacts(other, "things-1"));
    }

    [Fact]
    public void Damaged_facts_are_no_facts()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        packages.Cache.WriteFacts(packages.Package, "things-1", "seven"u8);
        byte[] whole = File.ReadAllBytes(packages.Unpacked("facts-things-1"));
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 1;
            File.WriteAllBytes(packages.Unpacked("facts-things-1"), damaged);
            Assert.Null(packages.Cache.ReadFacts(packages.Package, "things-1"));
            File.WriteAllBytes(packages.Unpacked("facts-things-1"), whole[..i]);
            Assert.Null(packages.Cache.ReadFacts(packages.Package, "things-1"));
        }
    }
}

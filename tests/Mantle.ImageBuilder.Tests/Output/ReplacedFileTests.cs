using Mantle.ImageBuilder.Output;

namespace Mantle.ImageBuilder.Tests.Output;

/// <summary>A file is there whole or as it was, and no link leads the writing elsewhere.</summary>
public sealed class ReplacedFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("replaced-").FullName;

    private string Target => Path.Combine(_folder, "target");

    [Fact]
    public void A_failure_leaves_what_was_there_and_nothing_else()
    {
        ReplacedFile.Write(Target, "old"u8.ToArray());
        Assert.Throws<InvalidOperationException>(() => ReplacedFile.Write(Target, file =>
        {
            file.Write("half"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_link_in_its_place_is_replaced_and_not_followed()
    {
        string victim = Path.Combine(_folder, "victim");
        File.WriteAllText(victim, "untouched");
        File.CreateSymbolicLink(Target, victim);
        File.CreateSymbolicLink(Target + ".pending", victim);
        ReplacedFile.Write(Target, "new"u8.ToArray());
        Assert.Equal("untouched", File.ReadAllText(victim));
        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Null(new FileInfo(Target).LinkTarget);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

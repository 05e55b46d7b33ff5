namespace Mantle.Measure.Comparison;

/// <summary>Why bytes that should be equal are not, as far as the bytes themselves tell.</summary>
public enum LikelyCause
{
    /// <summary>Nothing points to anything more special than other content.</summary>
    OtherContent,

    /// <summary>A time: of a file, of a build, embedded in a program.</summary>
    TimeStamp,

    /// <summary>User or group number of who built.</summary>
    Owner,

    /// <summary>Permissions: a umask, or a mode that was not set.</summary>
    Permissions,

    /// <summary>The same parts in another order.</summary>
    Order,

    /// <summary>The folder of a build, embedded in what was built.</summary>
    BuildPath,

    /// <summary>A UUID or serial number that was drawn instead of derived.</summary>
    Identifier,

    /// <summary>A salt that was drawn instead of derived.</summary>
    Salt,

    /// <summary>One is the beginning of the other.</summary>
    Truncated,

    /// <summary>One has a file or a part that the other has not.</summary>
    FileSet,

    /// <summary>A command line, an os-release or another setting of the recipe.</summary>
    Setting,

    /// <summary>Another version of a package.</summary>
    OtherPackage,

    /// <summary>A program of the recipe's that was made from other sources.</summary>
    OtherSource,

    /// <summary>Another version of the builder, a compiler, or a linker.</summary>
    OtherTool,

    /// <summary>Another recipe.</summary>
    OtherRecipe,

    /// <summary>A signature.</summary>
    Signature,

    /// <summary>It is computed from something else that differs, and says nothing by itself.</summary>
    Consequence,
}

/// <summary>The table of causes.</summary>
public static class LikelyCauses
{
    private static readonly (LikelyCause Cause, string Name, string Sentence)[] s_all =
    [
        (LikelyCause.OtherContent, "other-content", "the content is another"),
        (LikelyCause.TimeStamp, "time-stamp", "a clock was read: take the time from the recipe's epoch"),
        (LikelyCause.Owner, "owner", "the number of who built got in: set the owner"),
        (LikelyCause.Permissions, "permissions", "a umask got in: set the mode"),
        (LikelyCause.Order, "order", "the same parts in another order: sort what a directory or a set gives"),
        (LikelyCause.BuildPath, "build-path", "the folder of the build got into it: map the path (PathMap, -ffile-prefix-map)"),
        (LikelyCause.Identifier, "identifier", "an identifier was drawn at random: derive it from content"),
        (LikelyCause.Salt, "salt", "a salt was drawn at random: derive it from content"),
        (LikelyCause.Truncated, "truncated", "one is the beginning of the other: something was cut off or added at the end"),
        (LikelyCause.FileSet, "file-set", "one has what the other has not: another recipe, package or removal"),
        (LikelyCause.Setting, "setting", "a setting of the recipe is another"),
        (LikelyCause.OtherPackage, "other-package", "another version of a package"),
        (LikelyCause.OtherSource, "other-source", "a program of the recipe was made from other sources"),
        (LikelyCause.OtherTool, "other-tool", "another version of a tool"),
        (LikelyCause.OtherRecipe, "other-recipe", "another recipe"),
        (LikelyCause.Signature, "signature", "one is signed, or by another key"),
        (LikelyCause.Consequence, "consequence", "it follows from another difference"),
    ];

    /// <summary>The name for machines, for example <c>time-stamp</c>.</summary>
    public static string Name(this LikelyCause cause) => s_all[(int)cause].Name;

    /// <summary>One clause for people, with what to do where something can be done.</summary>
    public static string Sentence(this LikelyCause cause) => s_all[(int)cause].Sentence;

    /// <summary>The table, in the order of the enumeration.</summary>
    public static IReadOnlyList<(LikelyCause Cause, string Name, string Sentence)> All => s_all;
}

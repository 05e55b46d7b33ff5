using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Tree;

namespace Mantle.ImageBuilder.Boot;

/// <summary>
/// The initrd: process 1, the modules that it loads, and the order in which it does. It is not compressed: the modules are already, and the rest
/// is small.
/// </summary>
public static class Initrd
{
    /// <summary>Lays out the archive.</summary>
    /// <param name="init">The program, static.</param>
    /// <param name="modules">Modules in load order.</param>
    /// <param name="epoch">Time stamp of every file, in seconds since 1970.</param>
    public static ByteSource Layout(ByteSource init, IReadOnlyList<KernelModule> modules, long epoch)
    {
        FileTree tree = new();
        tree.Put("init", FileNode.Regular(init, 0b111_101_101));
        StringBuilder order = new();
        foreach (KernelModule module in modules)
        {
            tree.Put($"modules/{module.FileName}", FileNode.Regular(module.File.Content));
            order.Append(module.FileName).Append('\n');
        }

        tree.Put("modules/order", FileNode.Regular(ByteSource.FromMemory(Encoding.UTF8.GetBytes(order.ToString()))));
        foreach (string mountPoint in new[] { "dev", "proc", "sys", "root" })
        {
            tree.Put(mountPoint, FileNode.Directory());
        }

        foreach ((_, FileNode node) in tree.Walk())
        {
            node.ModifiedSeconds = epoch;
        }

        return CpioWriter.Layout(tree);
    }
}

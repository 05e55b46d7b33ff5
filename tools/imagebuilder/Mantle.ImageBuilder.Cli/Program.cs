using System.CommandLine;
using Mantle.Cli;

RootCommand root = new("Builds sealed appliance images: lock Debian packages, assemble an immutable disk image, predict its measurements.");
return await new CommandLineApplication("imagebuilder", "0.1.0").RunAsync(root, args).ConfigureAwait(false);

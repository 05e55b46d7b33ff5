using System.Security.Cryptography.X509Certificates;
using System.Threading.RateLimiting;
using Mantle.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// Nobody reads this program's output, so it writes none; the exit code says why it ended.
const int Usage = 1;
const int CannotListen = 4;

if (!ServiceOptions.TryParse(args, out ServiceOptions options))
{
    return Usage;
}

using X509Certificate2 certificate = ServerCertificate.Create(TimeProvider.System);

// The empty builder brings no logging, no configuration provider (DOTNET_*, ASPNETCORE_*, files) and no default address.
WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = "/", EnvironmentName = "Production" });
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
builder.WebHost.UseKestrelCore().ConfigureKestrel(server => Listener.Configure(server, options.Listen, certificate));

using TokenBucketRateLimiter limiter = Listener.CreateRateLimiter();
await using WebApplication application = builder.Build();
using Endpoints endpoints = new(options, limiter);
application.Run(endpoints.AnswerAsync);
try
{
    await application.StartAsync();
}
catch (IOException)
{
    return CannotListen;
}

await application.WaitForShutdownAsync();
return 0;
